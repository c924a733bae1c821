// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// This is the resolution of Kafka's record timestamps. Formatting and parsing follow RFC 3339 without Foundation; see
/// `Timestamp+RFC3339.swift`.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Milliseconds since the epoch; negative before 1970.
    package let millisecondsSinceEpoch: Int64

    /// Creates a timestamp from milliseconds since the epoch.
    package init(millisecondsSinceEpoch: Int64) {
        self.millisecondsSinceEpoch = millisecondsSinceEpoch
    }

    /// Reads the system's wall clock.
    ///
    /// For the edge of the program only: logic is given its time.
    package static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(millisecondsSinceEpoch: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.millisecondsSinceEpoch < right.millisecondsSinceEpoch
    }

    /// Returns the timestamp `duration` later, cut to whole milliseconds and held inside the representable range.
    package func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        let scaled = seconds.multipliedReportingOverflow(by: 1000)
        let limit: Int64 = seconds < 0 ? .min : .max
        guard !scaled.overflow else { return Timestamp(millisecondsSinceEpoch: limit) }
        let step = scaled.partialValue.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        guard !step.overflow else { return Timestamp(millisecondsSinceEpoch: limit) }
        let sum = self.millisecondsSinceEpoch.addingReportingOverflow(step.partialValue)
        return Timestamp(millisecondsSinceEpoch: sum.overflow ? limit : sum.partialValue)
    }

    /// Returns how long after `earlier` this is; negative if it is before.
    package func duration(since earlier: Timestamp) -> Duration {
        .milliseconds(self.millisecondsSinceEpoch) - .milliseconds(earlier.millisecondsSinceEpoch)
    }
}

extension Timestamp: Codable {
    /// Reads an RFC 3339 string.
    ///
    /// - Throws: `DecodingError.dataCorrupted` for a string that is no RFC 3339 time.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let timestamp = Timestamp(rfc3339: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an RFC 3339 time")
        }
        self = timestamp
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}

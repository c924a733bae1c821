// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A point in time: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// What this program writes down has whole milliseconds, the resolution of Kafka's record timestamps; so every way to
/// make one cuts to them, unless finer units are asked for. Times further away than the year 292,000 are held at the end
/// of the range.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// How finely a time is read.
    package enum Resolution: Sendable {
        /// What records, journal and status events keep.
        case milliseconds
        /// What the times of a workbench have.
        case microseconds
    }

    /// Microseconds since the epoch; negative before 1970.
    package let microsecondsSinceEpoch: Int64

    /// The epoch: 1970-01-01T00:00:00Z.
    package static let epoch = Timestamp(microsecondsSinceEpoch: 0)
    /// The earliest whole millisecond of the range.
    package static let earliest = Timestamp(millisecondsSinceEpoch: .min)
    /// The latest whole millisecond of the range.
    package static let latest = Timestamp(millisecondsSinceEpoch: .max)

    /// Creates a timestamp from microseconds since the epoch.
    package init(microsecondsSinceEpoch: Int64) {
        self.microsecondsSinceEpoch = microsecondsSinceEpoch
    }

    /// Creates a timestamp from milliseconds since the epoch, held inside the range.
    package init(millisecondsSinceEpoch milliseconds: Int64) {
        self.microsecondsSinceEpoch = min(max(milliseconds, Int64.min / 1000), Int64.max / 1000) * 1000
    }

    /// Milliseconds since the epoch, rounded down; negative before 1970.
    package var millisecondsSinceEpoch: Int64 { self.microsecondsSinceEpoch.flooredDivision(by: 1000).quotient }

    /// Seconds since the epoch, rounded down; negative before 1970.
    package var secondsSinceEpoch: Int64 { self.microsecondsSinceEpoch.flooredDivision(by: 1_000_000).quotient }

    /// Reads the system's wall clock.
    ///
    /// For the edge of the program only: logic is given its time.
    package static func now(in resolution: Resolution = .milliseconds) -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microsecondsSinceEpoch: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
            .cut(to: resolution)
    }

    /// Returns the same time without what is finer, rounded down.
    package func cut(to resolution: Resolution) -> Timestamp {
        switch resolution {
        case .microseconds: self
        case .milliseconds: Timestamp(millisecondsSinceEpoch: self.millisecondsSinceEpoch)
        }
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microsecondsSinceEpoch < right.microsecondsSinceEpoch
    }

    /// Returns the timestamp `duration` later, cut to whole microseconds and held inside the range.
    package func advanced(by duration: Duration) -> Timestamp {
        let step = duration.wholeMicroseconds
        // A duration that itself had to be held at an end of its range reaches the end of this one.
        guard step != .min, step != .max else { return Timestamp(microsecondsSinceEpoch: step) }
        let (sum, isOver) = self.microsecondsSinceEpoch.addingReportingOverflow(step)
        return Timestamp(microsecondsSinceEpoch: isOver ? (step < 0 ? .min : .max) : sum)
    }

    /// Returns how long after `earlier` this is; negative if it is before.
    package func duration(since earlier: Timestamp) -> Duration {
        .microseconds(self.microsecondsSinceEpoch) - .microseconds(earlier.microsecondsSinceEpoch)
    }

    /// Returns how many whole milliseconds after `earlier` this is; negative if it is before.
    package func milliseconds(since earlier: Timestamp) -> Int64 {
        self.millisecondsSinceEpoch - earlier.millisecondsSinceEpoch
    }
}

extension Timestamp: Codable {
    /// Reads a number: milliseconds since the epoch, as journal records have them.
    package init(from decoder: any Decoder) throws {
        self.init(millisecondsSinceEpoch: try decoder.singleValueContainer().decode(Int64.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.millisecondsSinceEpoch)
    }
}

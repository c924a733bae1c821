// SPDX-License-Identifier: Apache-2.0

/// A point on a clock that never goes back: nanoseconds since some start of this process.
package struct MonotonicTime: Hashable, Comparable, Sendable {
    /// Nanoseconds since the start.
    package var nanoseconds: Int64

    /// Creates a time.
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The clock's start.
    package static let zero = MonotonicTime(nanoseconds: 0)

    package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }

    package static func + (left: MonotonicTime, right: Span) -> MonotonicTime {
        MonotonicTime(nanoseconds: left.nanoseconds + right.nanoseconds)
    }

    package static func - (left: MonotonicTime, right: Span) -> MonotonicTime {
        MonotonicTime(nanoseconds: left.nanoseconds - right.nanoseconds)
    }

    package static func - (left: MonotonicTime, right: MonotonicTime) -> Span {
        Span(nanoseconds: left.nanoseconds - right.nanoseconds)
    }
}

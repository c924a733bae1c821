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

/// A length of time in 64 bits: half of `Duration`, which counts where 100,000 of them wait.
package struct Span: Hashable, Comparable, Sendable {
    /// Length in nanoseconds.
    package var nanoseconds: Int64

    /// Creates a span of nanoseconds.
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// No time.
    package static let zero = Span(nanoseconds: 0)

    /// A span of milliseconds.
    package static func milliseconds(_ value: Int64) -> Span { Span(nanoseconds: value * 1_000_000) }

    /// A span of seconds.
    package static func seconds(_ value: Int64) -> Span { Span(nanoseconds: value * 1_000_000_000) }

    /// Whole milliseconds, rounded down.
    package var milliseconds: Int64 { self.nanoseconds / 1_000_000 }

    /// The same length as the standard library's type.
    package var duration: Duration { .nanoseconds(self.nanoseconds) }

    /// The span of a `Duration`, cut to nanoseconds.
    package init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    package static func < (left: Span, right: Span) -> Bool { left.nanoseconds < right.nanoseconds }

    package static func + (left: Span, right: Span) -> Span {
        Span(nanoseconds: left.nanoseconds + right.nanoseconds)
    }
}

/// The two clocks at one moment: decisions use the first, what is written for people the second.
package struct Now: Sendable, Equatable {
    /// For deadlines and intervals.
    package var monotonic: MonotonicTime
    /// Milliseconds since 1970, for records and status events.
    package var wallMilliseconds: Int64

    /// Creates a moment.
    package init(monotonic: MonotonicTime, wallMilliseconds: Int64) {
        self.monotonic = monotonic
        self.wallMilliseconds = wallMilliseconds
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A length of time in 64 bits: half of `Duration`, which counts where 100,000 of them wait.
package struct Span: Hashable, Comparable, Sendable {
    /// Length in nanoseconds.
    package var nanoseconds: Int64

    /// Creates a span of nanoseconds.
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The span of a `Duration`, cut to nanoseconds and held inside 64 bits (292 years).
    package init(_ duration: Duration) { self.nanoseconds = duration.wholeNanoseconds }

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

    package static func < (left: Span, right: Span) -> Bool { left.nanoseconds < right.nanoseconds }

    package static func + (left: Span, right: Span) -> Span {
        Span(nanoseconds: left.nanoseconds + right.nanoseconds)
    }
}

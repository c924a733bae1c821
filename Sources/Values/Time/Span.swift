// SPDX-License-Identifier: Apache-2.0

/// A length of time in 64 bits: half of `Duration`, which counts where 100,000 of them wait.
///
/// Public for the same reason as `MonotonicTime`.
public struct Span: Hashable, Comparable, Sendable {
    /// Length in nanoseconds.
    public var nanoseconds: Int64

    /// Creates a span of nanoseconds.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The span of a `Duration`, cut to nanoseconds and held inside 64 bits (292 years).
    public init(_ duration: Duration) { self.nanoseconds = duration.wholeNanoseconds }

    /// No time.
    public static let zero = Span(nanoseconds: 0)

    /// A span of milliseconds.
    public static func milliseconds(_ value: Int64) -> Span { Span(nanoseconds: value * 1_000_000) }

    /// A span of seconds.
    public static func seconds(_ value: Int64) -> Span { Span(nanoseconds: value * 1_000_000_000) }

    /// Whole milliseconds, rounded down.
    public var milliseconds: Int64 { self.nanoseconds / 1_000_000 }

    /// The same length as the standard library's type.
    public var duration: Duration { .nanoseconds(self.nanoseconds) }

    /// Whether the left one is shorter.
    public static func < (left: Span, right: Span) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Both, one after the other.
    public static func + (left: Span, right: Span) -> Span {
        Span(nanoseconds: left.nanoseconds + right.nanoseconds)
    }
}

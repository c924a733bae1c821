// SPDX-License-Identifier: Apache-2.0

/// A point on a clock that never goes back: nanoseconds since some start of this process.
///
/// Public, though only our own targets see it: of what is `package` the compiler (6.3) copies nothing into other targets,
/// and times are compared and added some hundred times a turn.
public struct MonotonicTime: Hashable, Comparable, Sendable {
    /// Nanoseconds since the start.
    public var nanoseconds: Int64

    /// Creates a time.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The clock's start.
    public static let zero = MonotonicTime(nanoseconds: 0)

    /// Whether the left one comes before the right one.
    public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The time so much later.
    public static func + (left: MonotonicTime, right: Span) -> MonotonicTime {
        MonotonicTime(nanoseconds: left.nanoseconds + right.nanoseconds)
    }

    /// The time so much earlier.
    public static func - (left: MonotonicTime, right: Span) -> MonotonicTime {
        MonotonicTime(nanoseconds: left.nanoseconds - right.nanoseconds)
    }

    /// How long after the right one the left one is.
    public static func - (left: MonotonicTime, right: MonotonicTime) -> Span {
        Span(nanoseconds: left.nanoseconds - right.nanoseconds)
    }
}

extension MonotonicTime? {
    /// Comes forward to another time, where there is one and it is earlier.
    public mutating func comeForward(to other: MonotonicTime?) {
        guard let other else { return }
        self = self.map { min($0, other) } ?? other
    }
}

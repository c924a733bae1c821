// SPDX-License-Identifier: Apache-2.0

package import Values

/// The process's two clocks.
package struct WorkerClock: Sendable {
    private let origin = ContinuousClock.now

    /// Starts the monotonic clock at zero.
    package init() {}

    /// Reads both clocks.
    package func now() -> Now { Now(monotonic: self.monotonic, wall: .now()) }

    /// Time since the clock was made.
    package var monotonic: MonotonicTime { self.time(of: .now) }

    /// An instant of the system's clock on this one.
    func time(of instant: ContinuousClock.Instant) -> MonotonicTime {
        MonotonicTime(nanoseconds: Span(instant - self.origin).nanoseconds)
    }

    /// A time of this clock on the system's.
    func instant(of time: MonotonicTime) -> ContinuousClock.Instant {
        self.origin.advanced(by: .nanoseconds(time.nanoseconds))
    }
}

// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Rollouts

/// The process's two clocks.
package struct WorkerClock: Sendable {
    private let origin = ContinuousClock.now

    /// Starts the monotonic clock at zero.
    package init() {}

    /// Reads both clocks.
    package func now() -> Now {
        Now(monotonic: self.monotonic, wallMilliseconds: Self.wallMilliseconds())
    }

    /// Time since the clock was made.
    package var monotonic: MonotonicTime {
        MonotonicTime(nanoseconds: Span(ContinuousClock.now - self.origin).nanoseconds)
    }

    /// An instant of the system's clock on this one.
    func time(of instant: ContinuousClock.Instant) -> MonotonicTime {
        MonotonicTime(nanoseconds: Span(instant - self.origin).nanoseconds)
    }

    /// Milliseconds since 1970.
    package static func wallMilliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}

// SPDX-License-Identifier: Apache-2.0

/// How long to wait before the next attempt: `min(cap, base * 2^(failures - 1))`.
package struct Backoff: Sendable, Equatable {
    /// The delay after the first failure, or its upper bound with jitter.
    package var base: Span
    /// The longest delay.
    package var cap: Span

    /// Creates a backoff.
    package init(base: Span, cap: Span) {
        self.base = base
        self.cap = cap
    }

    /// Returns the delay after so many failures.
    ///
    /// - Parameter failures: Failed attempts so far, counted from 1; less counts as 1.
    /// - Returns: A delay in `0...cap`.
    package func delay(afterFailures failures: Int) -> Span {
        // 2^30 times a nanosecond is a second: more doublings than that reach no cap that anybody would set.
        let doublings = min(max(failures, 1) - 1, 30)
        let (product, isOver) = self.base.nanoseconds.multipliedReportingOverflow(by: 1 << doublings)
        return Span(nanoseconds: max(0, isOver ? self.cap.nanoseconds : min(product, self.cap.nanoseconds)))
    }

    /// Returns a random delay after so many failures, so that many who failed together don't come back together.
    ///
    /// Full jitter: uniform from 0 to the delay without jitter.
    /// Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    ///
    /// - Parameters:
    ///   - failures: Failed attempts so far, counted from 1.
    ///   - generator: Randomness; tests pass a seeded generator.
    /// - Returns: A delay in `0...cap`.
    package func jitteredDelay(
        afterFailures failures: Int,
        using generator: inout some RandomNumberGenerator
    ) -> Span {
        Span(nanoseconds: Int64.random(in: 0...self.delay(afterFailures: failures).nanoseconds, using: &generator))
    }
}

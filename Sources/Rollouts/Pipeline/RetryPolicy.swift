// SPDX-License-Identifier: Apache-2.0

/// How long to wait between polls and after failures.
package struct RetryPolicy: Sendable, Equatable {
    /// Failures of one step, outages not counted, after which the rollout fails; at least 1.
    package var maximumAttempts: Int
    /// Upper bound of the first backoff.
    package var backoffBase: Span
    /// Upper bound of every backoff.
    package var backoffCap: Span
    /// First interval between two polls.
    package var pollMinimum: Span
    /// Longest interval between two polls.
    package var pollMaximum: Span

    /// Creates a policy.
    package init(
        maximumAttempts: Int = 6,
        backoffBase: Span = .milliseconds(500),
        backoffCap: Span = .seconds(30),
        pollMinimum: Span = .seconds(2),
        pollMaximum: Span = .seconds(15)
    ) {
        self.maximumAttempts = maximumAttempts
        self.backoffBase = backoffBase
        self.backoffCap = backoffCap
        self.pollMinimum = pollMinimum
        self.pollMaximum = pollMaximum
    }

    /// Returns the delay before the next attempt.
    ///
    /// Full jitter: uniform in `0...min(cap, base * 2^(attempt - 1))`.
    /// Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    ///
    /// - Parameters:
    ///   - attempt: Failed attempts so far, counted from 1.
    ///   - generator: Randomness; tests pass a seeded generator.
    /// - Returns: A delay in `0...backoffCap`.
    package func backoff(afterAttempt attempt: Int, using generator: inout some RandomNumberGenerator) -> Span {
        let doublings = min(max(attempt, 1) - 1, 30)
        let (product, overflows) = self.backoffBase.nanoseconds.multipliedReportingOverflow(by: 1 << doublings)
        let bound = overflows ? self.backoffCap.nanoseconds : min(product, self.backoffCap.nanoseconds)
        return Span(nanoseconds: Int64.random(in: 0...max(0, bound), using: &generator))
    }

    /// Returns the interval before the next poll: grows by half with each poll, with a jitter of a tenth either way.
    ///
    /// - Parameters:
    ///   - polls: Polls of this step so far.
    ///   - generator: Randomness; tests pass a seeded generator.
    /// - Returns: The interval.
    package func pollInterval(afterPolls polls: Int, using generator: inout some RandomNumberGenerator) -> Span {
        var interval = self.pollMinimum.nanoseconds
        for _ in 0..<min(polls, 20) where interval < self.pollMaximum.nanoseconds { interval += interval / 2 }
        interval = min(interval, self.pollMaximum.nanoseconds)
        let jitter = interval / 10
        return Span(nanoseconds: interval + Int64.random(in: -jitter...jitter, using: &generator))
    }
}

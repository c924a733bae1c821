// SPDX-License-Identifier: Apache-2.0

package import Values

/// How long to wait between polls and after failures.
package struct RetryPolicy: Sendable, Equatable {
    /// Failures of one step after which the rollout fails, of those that count; at least 1.
    package var maximumAttempts: Int
    /// How long to wait after failures; drawn with full jitter.
    package var backoff: Backoff
    /// First interval between two polls.
    package var pollMinimum: Span
    /// Longest interval between two polls.
    package var pollMaximum: Span

    /// Creates a policy.
    package init(
        maximumAttempts: Int = 6,
        backoff: Backoff = Backoff(base: .milliseconds(500), cap: .seconds(30)),
        pollMinimum: Span = .seconds(2),
        pollMaximum: Span = .seconds(15)
    ) {
        self.maximumAttempts = maximumAttempts
        self.backoff = backoff
        self.pollMinimum = pollMinimum
        self.pollMaximum = pollMaximum
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

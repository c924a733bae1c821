// SPDX-License-Identifier: Apache-2.0

package import Values

/// Whether one component of the workbench is up, and when it is asked next.
///
/// A failed call only raises a suspicion; one cheap probe decides. So a single bad request is never taken for an
/// outage, and in an outage no rollout uses up its attempts.
package struct Outage: Sendable, Equatable {
    /// What is known of the component.
    package enum State: Sendable, Equatable {
        /// Calls are made. Next: `suspected`.
        case up
        /// A call failed, and a probe is under way. Next: `up` or `down`.
        case suspected(Cause)
        /// No calls but the probe. Next: `down` or `up`.
        case down(Cause, since: Now, failedProbes: Int, probeAt: MonotonicTime, isProbing: Bool)
    }

    /// What is known of the component.
    package private(set) var state: State = .up

    /// Creates one for a component that is taken to be up.
    package init() {}

    /// Whether calls may be made.
    package var allowsCalls: Bool { if case .up = self.state { true } else { false } }

    /// Why it is down; `nil` while it is up or only suspected.
    package var cause: Cause? { if case .down(let cause, _, _, _, _) = self.state { cause } else { nil } }

    /// When the next probe is due; `nil` when none is or one is under way.
    package var nextProbe: MonotonicTime? {
        guard case .down(_, _, _, let probeAt, false) = self.state else { return nil }
        return probeAt
    }

    /// A call failed as if the component were down.
    ///
    /// - Returns: Whether a probe is to be sent now.
    package mutating func suspect(_ cause: Cause) -> Bool {
        guard case .up = self.state else { return false }
        self.state = .suspected(cause)
        return true
    }

    /// The probe is being sent.
    package mutating func probeStarted() {
        if case .down(let cause, let since, let failed, let probeAt, false) = self.state {
            self.state = .down(cause, since: since, failedProbes: failed, probeAt: probeAt, isProbing: true)
        }
    }

    /// What a probe's end means.
    package enum Verdict: Sendable, Equatable {
        /// The suspicion was wrong: what failed was the call.
        case falseAlarm
        /// The component has gone down.
        case wentDown
        /// It is still down.
        case stillDown
        /// It is back; the span is how long it was down.
        case cameBack(Span)
    }

    /// The probe was answered.
    package mutating func probeSucceeded(now: Now) -> Verdict {
        defer { self.state = .up }
        guard case .down(_, let since, _, _, _) = self.state else { return .falseAlarm }
        return .cameBack(now.monotonic - since.monotonic)
    }

    /// The probe failed, too.
    ///
    /// - Parameters:
    ///   - cause: Why.
    ///   - now: The moment.
    ///   - delay: Time to the next probe.
    /// - Returns: What it means.
    package mutating func probeFailed(_ cause: Cause, now: Now, delay: Span) -> Verdict {
        let next = now.monotonic + delay
        guard case .down(_, let since, let failed, _, _) = self.state else {
            self.state = .down(cause, since: now, failedProbes: 1, probeAt: next, isProbing: false)
            return .wentDown
        }
        self.state = .down(cause, since: since, failedProbes: failed + 1, probeAt: next, isProbing: false)
        return .stillDown
    }

    /// Probes that failed in this outage; 0 while up.
    package var failedProbes: Int {
        if case .down(_, _, let failed, _, _) = self.state { failed } else { 0 }
    }
}

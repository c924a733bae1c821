// SPDX-License-Identifier: Apache-2.0

import Values

/// Calls of sweeps that fail: nobody waits for a sweep, so it outlasts what a rollout's deadline would not.
extension Coordinator {
    /// For how long a call may go without the workbench's own answer while its component is up.
    ///
    /// What is not looked for is not told, so it is as long as a proxy may refuse one kind of call, and not for ever.
    private static let patience = Span.seconds(3_600)

    mutating func sweepFailed(_ id: RolloutID?, _ failure: CallFailure, of component: Component, now: Now) {
        guard let id, let sweep = self.sweeps.running[id] else { return }
        switch failure.kind {
        case .notFound where component == .registry && sweep.failures.count == 0:
            // A workbench without a registry answers so to everything below it: its probe tells that from what is gone.
            self.doubtSweep(id, failure, component, now: now)
        case .notFound:
            // Gone already, whoever took it away.
            self.sweeps.running[id]?.succeeded([])
            self.sweeps.ready.append(id)
        case .withheld:
            // Its intent was too old by then.
            self.sweeps.running[id]?.intent = nil
            self.sweepAgain(id, at: now.monotonic + self.policy.retry.backoff.base)
        case .rateLimited: self.sweepAgain(id, at: now.monotonic + self.policy.retry.backoff.cap)
        case .unauthorized: self.doubtSweep(id, failure, .workbench, now: now)
        case .unavailable, .inBetween, .serverError, .protocol: self.doubtSweep(id, failure, component, now: now)
        case .conflict, .forbidden, .invalid: self.countSweepFailure(id, failure, lasting: .zero, now: now)
        }
    }

    /// Puts a sweep off whose component is down; what failed before says nothing of its call.
    mutating func putOff(_ id: RolloutID, _ component: Component, now: Now) {
        if self.isKnownDown(component) { self.sweeps.running[id]?.failures = Sweep.Failures() }
        self.sweepAgain(id, at: now.monotonic + self.policy.retry.backoff.cap)
    }

    private func isKnownDown(_ component: Component) -> Bool {
        let door = component.isBehindWorkbench ? self.outages[.workbench]?.cause : nil
        return door != nil || self.outages[component]?.cause != nil
    }

    /// A call failed as if its component were down: while a probe says that it is, the sweep waits; else it was this call.
    private mutating func doubtSweep(_ id: RolloutID, _ failure: CallFailure, _ component: Component, now: Now) {
        guard self.outage(before: component) == nil, let state = self.sweeps.running[id]?.state else {
            self.putOff(id, component, now: now)
            return
        }
        self.countSweepFailure(id, failure, lasting: Self.patience, now: now)
        self.suspectOutage(of: component, failure.cause, bySweepOf: state, now: now)
    }

    /// What a sweep has found, or that it is over, can't be written down: the next owner sweeps again, and nobody waits for it.
    mutating func sweepRecordRefused(_ cause: Cause, _ ticket: Ticket, now: Now) {
        guard let context = self.tickets.removeValue(forKey: ticket), context.purpose == .sweep else { return }
        let state = self.sweeps.running.removeValue(forKey: context.id)?.state ?? self.sweeps.waiting[context.id]
        self.sweeps.waiting[context.id] = nil
        guard let state else { return }
        self.settleRunKey(of: state)
        self.actions.append(.sweepGivenUp(state, nil, cause))
    }

    /// Counts a failure, and tries again after a backoff, or gives the call up.
    private mutating func countSweepFailure(
        _ id: RolloutID,
        _ failure: CallFailure,
        lasting patience: Span,
        now: Now
    ) {
        guard var failures = self.sweeps.running[id]?.failures else { return }
        failures.count += 1
        let since = failures.since ?? now.monotonic
        failures.since = since
        self.sweeps.running[id]?.failures = failures
        guard failures.count >= self.policy.retry.maximumAttempts, since + patience <= now.monotonic else {
            let delay = self.policy.retry.backoff.jitteredDelay(afterFailures: failures.count, using: &self.random)
            self.sweepAgain(id, at: now.monotonic + delay)
            return
        }
        if let state = self.sweeps.running[id]?.state, case .call(let call)? = self.sweeps.running[id]?.nextMove() {
            self.actions.append(.sweepGivenUp(state, call, failure.cause))
        }
        self.sweeps.running[id]?.gaveUp()
        self.sweeps.ready.append(id)
    }
}

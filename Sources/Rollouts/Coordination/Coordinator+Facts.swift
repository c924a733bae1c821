// SPDX-License-Identifier: Apache-2.0

import Values

/// What is decided once the workbench has said where a run lies, and what rollouts share of its answers.
extension Coordinator {
    /// Lets the routes decide again, on facts.
    ///
    /// - Returns: Whether the rollout goes on.
    mutating func decidesOnFacts(_ rollout: Rollout, now: Now) -> Bool {
        guard let place = rollout.runPlace else { preconditionFailure("decided on facts before they are known") }
        switch self.plans.decide(rollout.state, on: place) {
        case .plan(let plan):
            rollout.found?.decision = plan
            self.rollouts.count(rollout, byRoute: plan.route)
            self.countAcceptance(of: rollout.state, route: plan.route, now: now.wall)
            return true
        case .skip(let cause, _): return self.ends(rollout, .skipped, cause, now: now)
        case .fail(let cause, _): return self.ends(rollout, .failed, cause, now: now)
        }
    }

    /// Ends a rollout on facts, unless they are another one's of a while ago: then it asks for itself.
    ///
    /// - Returns: Whether it goes on.
    private mutating func ends(_ rollout: Rollout, _ phase: Phase, _ cause: Cause, now: Now) -> Bool {
        if rollout.asksAgain(for: self.decisiveTime(now)) { return true }
        self.finish(rollout.id, phase, cause, now: now)
        return false
    }

    /// How new another rollout's answer must be to end one.
    func decisiveTime(_ now: Now) -> MonotonicTime { now.monotonic - SharedAnswers.decisive }

    /// Takes what another rollout was answered within the last minute.
    ///
    /// - Returns: What it means; `nil` where the call has to be made.
    func sharedVerdict(on call: APICall, for rollout: Rollout, now: Now) -> Rollout.Verdict? {
        let notBefore = rollout.found?.notBefore
        guard let known = self.sharedAnswers.answer(to: call, notBefore: notBefore, now: now.monotonic) else {
            return nil
        }
        let verdict = rollout.succeeded(known.result, startedAt: now.monotonic)
        let since = min(rollout.found?.sharedSince ?? known.since, known.since)
        if case .finish = verdict, since < self.decisiveTime(now) {
            guard rollout.state.step == .resolve else { return nil }
            // From the beginning: what comes first is held against what comes after it.
            rollout.found = .init(notBefore: self.decisiveTime(now))
            return .proceed
        }
        if rollout.state.step == .resolve { rollout.found?.sharedSince = since }
        return verdict
    }

    /// Whether a rollout need not make its call now: it is answered, or under way for another rollout.
    func mayShareAnswer(to call: APICall, _ rollout: Rollout, now: Now) -> Bool {
        // A canary tries for itself.
        guard rollout.trial == nil else { return false }
        let notBefore = rollout.found?.notBefore
        return self.sharedAnswers.answer(to: call, notBefore: notBefore, now: now.monotonic) != nil
            || self.sharedAnswers.isUnderWay(call)
    }

    /// Lets a rollout go on by another one's answer, or wait for it.
    mutating func shareAnswer(to call: APICall, _ rollout: Rollout, now: Now) {
        guard !self.sharedAnswers.joins(rollout.id, call) else {
            // Whoever asks tells when it has ended; a partition that goes may take that one along.
            self.wait(rollout, until: now.monotonic + self.policy.requestTimeout)
            return
        }
        rollout.goOn(at: now.monotonic)
        rollout.activity = .waiting
        self.move(rollout.id, now: now)
    }

    /// A call has ended: who has waited for its answer goes on.
    mutating func wakeSharing(_ call: APICall, now: Now) {
        for id in self.sharedAnswers.end(call) {
            guard let rollout = self.rollouts[id], rollout.activity == .waiting else { continue }
            rollout.goOn(at: now.monotonic)
            self.move(id, now: now)
        }
    }
}

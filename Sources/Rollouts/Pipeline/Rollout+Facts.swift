// SPDX-License-Identifier: Apache-2.0

import Values

extension Rollout {
    /// Where its run lies, as soon as the workbench has said it.
    var runPlace: RunPlace? {
        guard let project = self.found?.project, let experiment = self.found?.experiment else { return nil }
        return RunPlace(project: project, experiment: experiment)
    }

    /// Another rollout's answer lets go on; ended is only by one that is new.
    ///
    /// - Parameter time: How new an answer must be that ends the rollout.
    /// - Returns: Whether all is asked again.
    func asksAgain(for time: MonotonicTime) -> Bool {
        guard self.state.step == .resolve, let shared = self.found?.sharedSince, shared < time else { return false }
        self.found = Found(notBefore: time)
        return true
    }

    /// Goes by what the routes have decided on facts, with the event's own word for the run.
    ///
    /// Only once the run is resolved: until then what is written down is the event's word, by which its owner was chosen. Of a
    /// plan that a crash left behind half-way nobody could say whether the rollout is where it belongs.
    func followDecision() {
        guard var plan = self.found?.decision else { return }
        self.found?.claimedModelName = self.state.plan.certainModelName
        let allowed = self.allowedMilliseconds
        plan.run = self.state.plan.run
        plan.claim = self.state.plan.claim
        self.state.plan = plan
        self.deadline = self.deadline + .milliseconds(self.allowedMilliseconds - allowed)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Asking the deployed model its sample request.
extension Rollout {
    func verifyMove() -> Move {
        guard let run = self.state.run, let modelID = self.state.made.modelID,
            let verification = self.state.plan.verification
        else { return .finish(.deployed, nil) }
        guard !self.isReady else { return .finish(.deployed, nil) }
        return .call(.verify(projectID: run.projectID, modelID: modelID, verification))
    }

    func verified(_ result: VerificationResult) -> Verdict {
        switch result {
        case .passed:
            self.isReady = true
            return .proceed
        case .wrong(let message):
            return .finish(.failed, Cause(.verification, message))
        case .notYet(let message):
            self.obstacle = Cause(.verification, message)
            return .poll
        case .away(let message):
            self.obstacle = Cause(.verification, message)
            return .suspect(.modelService, Cause(.unavailable, message))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

extension Rollout {
    /// What a rollout does next.
    package enum Move: Sendable, Equatable {
        /// Make a call that changes nothing.
        case call(APICall)
        /// Make a creating call, after its intent is committed.
        case create(APICall, CreatingStep)
        /// Let the routes decide again, now that the workbench has said where the run lies.
        case decideOnFacts
        /// Go on to the step after this one.
        case advance(to: RolloutStep)
        /// Wait for its turn, or take it.
        case enterLane
        /// Compare the run with the one that is deployed.
        case compare
        /// End.
        case finish(Phase, Cause?)
    }

    /// Says the next move; depends on nothing but the rollout itself.
    ///
    /// - Parameter live: The run that is deployed for this model, for gates that compare.
    /// - Returns: The move.
    package func nextMove(live: ResolvedRun?) -> Move {
        switch self.state.step {
        case .resolve: self.resolveMove()
        case .lane: self.laneMove(live: live)
        case .register: self.move(of: RegisterStep.self)
        case .model: self.move(of: ModelStep.self)
        case .build: self.move(of: BuildStep.self)
        case .deploy: self.move(of: DeployStep.self)
        case .verify: self.verifyMove()
        case .finished: .finish(self.state.phase, self.state.cause)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Waiting for its turn, and comparing with the run that is deployed.
extension Rollout {
    func laneMove(live: ResolvedRun?) -> Move {
        guard self.isHead else { return .enterLane }
        guard self.hasComparingGates, let run = self.state.run, let live, live != run else {
            return .advance(to: .register)
        }
        guard self.facts != nil else {
            return .call(.readRun(projectID: run.projectID, experimentID: run.experimentID, runID: run.runID))
        }
        guard self.deployedFacts?.runID == live.runID else {
            return .call(.readRun(projectID: live.projectID, experimentID: live.experimentID, runID: live.runID))
        }
        return .compare
    }

    /// Facts for a gate that compares: of this run, or of the one that is deployed.
    ///
    /// - Parameters:
    ///   - facts: The facts; `nil` where the run is not there.
    ///   - mayLag: Whether it may only not be shown yet.
    ///   - words: What the workbench says of a run that is not there.
    /// - Returns: What follows.
    func foundRunToCompare(_ facts: RunFacts?, mayLag: Bool, words: String? = nil) -> Verdict {
        let said = words.map { "; the workbench says: \($0)" } ?? ""
        guard facts != nil || !mayLag else {
            self.obstacle = Cause(.runNotFound, "a run that is to be compared is not shown\(said)")
            return .poll
        }
        guard self.facts != nil else {
            guard let facts else { return .finish(.failed, Cause(.runNotFound, "the run is gone\(said)")) }
            self.facts = facts
            return .proceed
        }
        // A deployed run that was deleted since can't be compared with: a gate that can't be checked is not met.
        self.deployedFacts = facts
        return facts == nil ? .finish(.skipped, self.deletedComparison) : .proceed
    }

    private var deletedComparison: Cause {
        Cause(.gate, "the deployed run, with which a gate compares, is gone; replay the run with a route that doesn't")
    }
}

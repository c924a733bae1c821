// SPDX-License-Identifier: Apache-2.0

package import Values

extension Rollout {
    /// What the result of a call means for the rollout.
    package enum Verdict: Sendable, Equatable {
        /// Ask for the next move at once.
        case proceed
        /// Not there yet: ask again after a poll interval.
        case poll
        /// Nothing can be said before it is clear whether a component is down.
        case suspect(Component, Cause)
        /// What was adopted is of no use: begin the step again.
        case beginAgain
        /// End.
        case finish(Phase, Cause?)
    }

    /// A call was answered.
    ///
    /// - Parameters:
    ///   - result: The answer.
    ///   - startedAt: When the call began: a look proves only what was true after that.
    ///   - mayLag: Whether a run that is not there may only not be shown yet.
    /// - Returns: What follows.
    package func succeeded(_ result: CallResult, startedAt: MonotonicTime, mayLag: Bool = false) -> Verdict {
        switch result {
        case .alive, .marked: .proceed
        case .projects(let projects): self.foundProjects(projects, mayLag: mayLag)
        case .experiments(let experiments): self.foundExperiments(experiments, mayLag: mayLag)
        case .absent(let failure): self.foundAbsent(failure, mayLag: mayLag)
        case .run(let facts): self.foundRun(facts, mayLag: mayLag)
        case .version(let facts): self.found(facts, by: RegisterStep.self, startedAt: startedAt)
        case .model(let facts): self.found(facts, by: ModelStep.self, startedAt: startedAt)
        case .runtime(let identifier): self.foundRuntime(identifier)
        case .build(let facts): self.found(facts, by: BuildStep.self, startedAt: startedAt)
        case .deployment(let facts): self.found(facts, by: DeployStep.self, startedAt: startedAt)
        case .unclear(let message): self.foundUnclear(message, startedAt: startedAt)
        case .taken(let message): .finish(.failed, Cause(.registryNameTaken, message))
        case .verification(let result): self.verified(result)
        }
    }
}

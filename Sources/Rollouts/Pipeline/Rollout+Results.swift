// SPDX-License-Identifier: Apache-2.0

package import Values

extension Rollout {
    /// What the result of a call means for the rollout.
    package enum Verdict: Sendable, Equatable {
        /// Ask for the next move at once.
        case proceed
        /// Not there yet: ask again after a poll interval.
        case poll
        /// End.
        case finish(Phase, Cause?)
    }

    /// A call was answered.
    ///
    /// - Parameters:
    ///   - result: The answer.
    ///   - startedAt: When the call began: a look proves only what was true after that.
    /// - Returns: What follows.
    package mutating func succeeded(_ result: CallResult, startedAt: MonotonicTime) -> Verdict {
        switch result {
        case .alive, .marked: .proceed
        case .project(let id): self.foundProject(id)
        case .experiment(let id): self.foundExperiment(id)
        case .run(let facts): self.foundRun(facts)
        case .version(let facts): self.foundVersion(facts, startedAt: startedAt)
        case .model(let facts): self.foundModel(facts, startedAt: startedAt)
        case .runtime(let identifier): self.foundRuntime(identifier)
        case .build(let facts): self.foundBuild(facts, startedAt: startedAt)
        case .deployment(let facts): self.foundDeployment(facts, startedAt: startedAt)
        case .verification(let result): self.verified(result)
        }
    }

    private mutating func foundProject(_ id: String?) -> Verdict {
        guard let id else {
            let name = self.reference.projectName ?? ""
            return .finish(.failed, Cause(.projectNotFound, "no project is named '\(name)'"))
        }
        self.foundProjectID = id
        return .proceed
    }

    private mutating func foundExperiment(_ id: String?) -> Verdict {
        guard let id else {
            let name = self.reference.experimentName ?? ""
            return .finish(.failed, Cause(.experimentNotFound, "the project has no experiment named '\(name)'"))
        }
        self.foundExperimentID = id
        return .proceed
    }

    private mutating func foundRun(_ facts: RunFacts?) -> Verdict {
        if self.state.step == .lane { return self.foundRunToCompare(facts) }
        guard let facts else {
            let message = self.reference.runID.map { "there is no run '\($0)'" } ?? "the experiment has no finished run"
            return .finish(.failed, Cause(.runNotFound, message))
        }
        switch facts.status {
        case .finished: break
        case .running, .scheduled, .unknown:
            // The event may be ahead of the workbench's own books by a moment; the step's deadline bounds that.
            self.obstacle = Cause(.runNotFinished, "the run is '\(facts.status.rawValue)' on the workbench")
            return .poll
        case .failed, .killed:
            return .finish(.skipped, Cause(.runNotFinished, "the run is '\(facts.status.rawValue)' on the workbench"))
        }
        if let cause = self.state.plan.gates.firstUnmet(by: facts) { return .finish(.skipped, cause) }
        if let cause = self.artifactMissing(in: facts) { return .finish(.failed, cause) }
        let run = ResolvedRun(projectID: facts.projectID, experimentID: facts.experimentID, order: facts.order)
        self.state.run = run.sharingTexts(with: self.reference)
        if self.hasComparingGates { self.facts = facts }
        return .proceed
    }

    /// Why the run can't be registered: the workbench lists its artifacts, and the model's folder is not among them.
    private func artifactMissing(in facts: RunFacts) -> Cause? {
        let path = self.state.plan.artifactPath
        guard !facts.artifactPaths.isEmpty,
            !facts.artifactPaths.contains(where: { $0 == path || $0.hasPrefix("\(path)/") || path.hasPrefix("\($0)/") })
        else { return nil }
        return Cause(.artifactNotFound, "the run has no artifact folder '\(path)'")
    }

    /// Facts for a gate that compares: of this run, or of the one that is deployed.
    private mutating func foundRunToCompare(_ facts: RunFacts?) -> Verdict {
        guard self.facts != nil else {
            guard let facts else { return .finish(.failed, Cause(.runNotFound, "the run is gone")) }
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

    private mutating func foundVersion(_ facts: VersionFacts?, startedAt: MonotonicTime) -> Verdict {
        guard let facts else { return self.foundNothing(startedAt: startedAt) }
        if case .failed(let message) = facts.progress {
            // Somebody else's failed upload of the same run is no reason not to try.
            guard facts.isOurs || self.state.made.versionID == facts.versionID else {
                return self.foundNothing(startedAt: startedAt)
            }
            return .finish(.failed, Cause(.registration, message))
        }
        self.state.made.registeredModelID = facts.registeredModelID
        self.state.made.versionID = facts.versionID
        return self.made(facts.progress)
    }

    private mutating func foundModel(_ facts: ModelFacts?, startedAt: MonotonicTime) -> Verdict {
        guard let facts else { return self.foundNothing(startedAt: startedAt) }
        guard facts.registeredModelID == self.state.made.registeredModelID else {
            let name = self.state.plan.modelName
            let message =
                facts.registeredModelID.isEmpty
                ? "the project's model '\(name)' was made without a registered model"
                : "the project's model '\(name)' belongs to registered model \(facts.registeredModelID)"
            return .finish(.failed, Cause(.modelUnusable, message))
        }
        self.state.made.modelID = facts.modelID
        return self.made(.ready)
    }

    private mutating func foundRuntime(_ identifier: String?) -> Verdict {
        guard let identifier else {
            return .finish(
                .failed,
                Cause(.runtimeNotFound, "no enabled runtime fits \(self.state.plan.runtime.summary)")
            )
        }
        self.state.made.runtimeIdentifier = identifier
        return .proceed
    }

    private mutating func foundBuild(_ facts: BuildFacts?, startedAt: MonotonicTime) -> Verdict {
        guard let facts else { return self.foundNothing(startedAt: startedAt) }
        self.state.made.buildID = facts.buildID
        if case .failed(let message) = facts.progress {
            return .finish(.failed, Cause(.build, "build \(facts.buildID) ended as '\(message)'"))
        }
        return self.made(facts.progress)
    }

    private mutating func foundDeployment(_ facts: DeploymentFacts?, startedAt: MonotonicTime) -> Verdict {
        guard let facts else { return self.foundNothing(startedAt: startedAt) }
        self.state.made.deploymentID = facts.deploymentID
        if case .failed(let message) = facts.progress {
            return .finish(.failed, Cause(.deployment, "deployment \(facts.deploymentID) ended as '\(message)'"))
        }
        return self.made(facts.progress)
    }

    private mutating func verified(_ result: VerificationResult) -> Verdict {
        switch result {
        case .passed:
            self.isReady = true
            return .proceed
        case .wrong(let message):
            return .finish(.failed, Cause(.verification, message))
        case .notYet(let message):
            self.obstacle = Cause(.verification, message)
            return .poll
        }
    }

    /// Something is made or adopted, so nothing is uncertain any more.
    private mutating func made(_ progress: Progress) -> Verdict {
        self.state.intent = nil
        self.uncertainUntil = nil
        self.lastFailure = nil
        self.obstacle = nil
        self.isReady = progress == .ready
        return self.isReady ? .proceed : .poll
    }

    /// A look or a read found nothing.
    private mutating func foundNothing(startedAt: MonotonicTime) -> Verdict {
        guard !self.hasMadeObjectOfStep else {
            return .finish(.failed, Cause(.notFound, "what step '\(self.state.step.rawValue)' made is gone"))
        }
        if let certainAt = self.uncertainUntil {
            // Only a look that began after the last moment at which the call can take effect proves anything.
            guard startedAt >= certainAt else { return .poll }
            self.uncertainUntil = nil
            self.state.intent = nil
            if let lastFailure { return .finish(.failed, lastFailure) }
        }
        self.hasLooked = true
        return .proceed
    }

    /// Whether the workbench has something under way for the step.
    var hasMadeObjectOfStep: Bool {
        switch self.state.step {
        case .register: self.state.made.versionID != nil
        case .model: self.state.made.modelID != nil
        case .build: self.state.made.buildID != nil
        case .deploy: self.state.made.deploymentID != nil
        case .resolve, .lane, .verify, .finished: false
        }
    }
}

extension RuntimeChoice {
    /// The choice in words.
    package var summary: String {
        switch self {
        case .identifier(let identifier): "identifier '\(identifier)'"
        case .newest(let kernel, let edition, let editor):
            "kernel '\(kernel)', edition '\(edition)'" + (editor.map { ", editor '\($0)'" } ?? "")
        }
    }
}

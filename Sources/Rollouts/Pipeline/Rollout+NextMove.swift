// SPDX-License-Identifier: Apache-2.0

extension Rollout {
    /// What a rollout does next.
    package enum Move: Sendable, Equatable {
        /// Make a call that changes nothing.
        case call(APICall)
        /// Make a creating call, after its intent is committed.
        case create(APICall, CreatingStep)
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
        case .register: self.registerMove()
        case .model: self.modelMove()
        case .build: self.buildMove()
        case .deploy: self.deployMove()
        case .verify: self.verifyMove()
        case .finished: .finish(self.state.phase, self.state.cause)
        }
    }

    private func resolveMove() -> Move {
        guard let projectID = self.reference.projectID else {
            guard let name = self.reference.projectName else {
                return .finish(.failed, Cause(.projectNotFound, "the event names no project"))
            }
            return .call(.findProject(name: name))
        }
        guard let experimentID = self.reference.experimentID else {
            guard let name = self.reference.experimentName else {
                return .finish(.failed, Cause(.experimentNotFound, "the event names no experiment"))
            }
            return .call(.findExperiment(projectID: projectID, name: name))
        }
        guard let runID = self.reference.runID else {
            return .call(.newestRun(projectID: projectID, experimentID: experimentID))
        }
        return .call(.readRun(projectID: projectID, experimentID: experimentID, runID: runID))
    }

    private func laneMove(live: ResolvedRun?) -> Move {
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

    private func registerMove() -> Move {
        guard let run = self.state.run else { return .advance(to: .resolve) }
        let plan = self.state.plan
        if let modelID = self.state.made.registeredModelID, let versionID = self.state.made.versionID {
            return self.isReady
                ? .advance(to: .model)
                : .call(.readVersion(registeredModelID: modelID, versionID: versionID))
        }
        guard self.hasLooked else {
            return .call(
                .findVersion(
                    modelName: plan.modelName,
                    experimentID: run.experimentID,
                    runID: run.runID,
                    marker: self.state.marker
                )
            )
        }
        let request = VersionRequest(
            projectID: run.projectID,
            experimentID: run.experimentID,
            runID: run.runID,
            modelName: plan.modelName,
            artifactPath: plan.artifactPath,
            description: plan.modelDescription,
            marker: self.state.marker
        )
        return .create(.registerVersion(request), .version)
    }

    private func modelMove() -> Move {
        guard let run = self.state.run, let registeredModelID = self.state.made.registeredModelID else {
            return .advance(to: .register)
        }
        guard self.state.made.modelID == nil else { return .advance(to: .build) }
        guard self.hasLooked else {
            return .call(.findModel(projectID: run.projectID, name: self.state.plan.modelName))
        }
        let request = ModelRequest(
            projectID: run.projectID,
            name: self.state.plan.modelName,
            description: self.state.plan.modelDescription,
            registeredModelID: registeredModelID,
            disableAuthentication: self.state.plan.disableAuthentication
        )
        return .create(.createModel(request), .model)
    }

    private func buildMove() -> Move {
        guard let run = self.state.run, let modelID = self.state.made.modelID,
            let versionID = self.state.made.versionID
        else { return .advance(to: .register) }
        if let buildID = self.state.made.buildID {
            return self.isReady
                ? .advance(to: .deploy)
                : .call(.readBuild(projectID: run.projectID, modelID: modelID, buildID: buildID))
        }
        guard self.hasLooked else {
            return .call(.findBuild(projectID: run.projectID, modelID: modelID, marker: self.state.marker))
        }
        guard let runtime = self.state.made.runtimeIdentifier else {
            return .call(.findRuntime(self.state.plan.runtime))
        }
        let comment = self.state.plan.buildComment
        let request = BuildRequest(
            projectID: run.projectID,
            modelID: modelID,
            versionID: versionID,
            runtimeIdentifier: runtime,
            comment: comment.isEmpty ? self.state.marker : "\(comment) \(self.state.marker)"
        )
        return .create(.createBuild(request), .build)
    }

    private func deployMove() -> Move {
        guard let run = self.state.run, let modelID = self.state.made.modelID, let buildID = self.state.made.buildID
        else { return .advance(to: .build) }
        if let deploymentID = self.state.made.deploymentID {
            guard !self.isReady else {
                return self.state.plan.verification == nil ? .finish(.deployed, nil) : .advance(to: .verify)
            }
            return .call(
                .readDeployment(
                    projectID: run.projectID,
                    modelID: modelID,
                    buildID: buildID,
                    deploymentID: deploymentID
                )
            )
        }
        guard self.hasLooked else {
            return .call(.findDeployment(projectID: run.projectID, modelID: modelID, buildID: buildID))
        }
        let request = DeploymentRequest(
            projectID: run.projectID,
            modelID: modelID,
            buildID: buildID,
            size: self.state.plan.deployment
        )
        return .create(.createDeployment(request), .deployment)
    }

    private func verifyMove() -> Move {
        guard let run = self.state.run, let modelID = self.state.made.modelID,
            let verification = self.state.plan.verification
        else { return .finish(.deployed, nil) }
        guard !self.isReady else { return .finish(.deployed, nil) }
        return .call(.verify(projectID: run.projectID, modelID: modelID, verification))
    }
}

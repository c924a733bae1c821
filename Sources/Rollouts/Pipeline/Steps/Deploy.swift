// SPDX-License-Identifier: Apache-2.0

/// Deploys the build, so that it serves in place of what was deployed before.
struct DeployStep: CreatingRules {
    static let precededBy = RolloutStep.build

    private let run: ResolvedRun
    private let plan: RolloutPlan
    private let made: MadeObjects
    private let modelID: String
    private let buildID: String

    init?(_ rollout: Rollout) {
        guard let run = rollout.state.run, let modelID = rollout.state.made.modelID,
            let buildID = rollout.state.made.buildID
        else { return nil }
        self.run = run
        self.plan = rollout.state.plan
        self.made = rollout.state.made
        self.modelID = modelID
        self.buildID = buildID
    }

    // MARK: What is asked

    /// It carries no marker of its own: what lies under our build is ours.
    var look: APICall {
        .findDeployment(projectID: self.run.projectID, modelID: self.modelID, buildID: self.buildID)
    }

    var twinLook: APICall? { self.look }

    var creation: Rollout.Move {
        let request = DeploymentRequest(
            projectID: self.run.projectID,
            modelID: self.modelID,
            buildID: self.buildID,
            size: self.plan.deployment
        )
        return .create(.createDeployment(request), .deployment)
    }

    var read: APICall? {
        self.made.deploymentID.map {
            .readDeployment(
                projectID: self.run.projectID,
                modelID: self.modelID,
                buildID: self.buildID,
                deploymentID: $0
            )
        }
    }

    var next: Rollout.Move {
        self.plan.verification == nil ? .finish(.deployed, nil) : .advance(to: .verify)
    }

    // MARK: What an answer means

    static func id(in made: MadeObjects) -> String? { made.deploymentID }

    static func progress(of facts: DeploymentFacts) -> Progress { facts.progress }

    static func adopt(_ facts: DeploymentFacts, for rollout: Rollout) {
        rollout.state.made.deploymentID = facts.deploymentID
    }

    static func making(of facts: DeploymentFacts) -> Making { facts.making }

    static func failure(of facts: DeploymentFacts, _ message: String) -> Cause {
        Cause(.deployment, "deployment \(facts.deploymentID) ended as '\(message)'")
    }

    // MARK: What may be left behind

    static func search(for state: RolloutState) -> SweepCall? {
        guard let run = state.run, let modelID = state.made.modelID, let buildID = state.made.buildID else {
            return nil
        }
        return .findDeployments(projectID: run.projectID, modelID: modelID, buildID: buildID)
    }

    static func cleanUp(_ deployments: [MarkedObject], in sweep: inout Sweep) {
        guard let run = sweep.state.run, let modelID = sweep.state.made.modelID,
            let buildID = sweep.state.made.buildID
        else { return }
        let own = sweep.state.made.deploymentID
        let live = sweep.live?.place?.deploymentID
        let isOwnActive = deployments.contains { $0.id == own && $0.isActive }
        let isOwnLive = own != nil && live == own
        var stops = false
        for deployment in deployments where deployment.id != own && deployment.id != live {
            guard sweep.isByUs(deployment, .deployment) else {
                // A person has deployed this build by hand: told, and not touched.
                if deployment.isActive { sweep.note(.deployment, deployment.id, .left) }
                continue
            }
            guard deployment.isActive else {
                // Noted before: then an earlier process has stopped it, and may not have come to reviving.
                stops = stops || sweep.orphans.contains { $0.id == deployment.id }
                sweep.note(.deployment, deployment.id, .stopped)
                continue
            }
            if isOwnLive, !isOwnActive, !sweep.serves(besides: deployment.id) {
                sweep.note(.deployment, deployment.id, .serving)
                continue
            }
            sweep.note(.deployment, deployment.id, .stopped)
            stops = true
            let place = DeploymentPlace(
                projectID: run.projectID,
                modelID: modelID,
                buildID: buildID,
                deploymentID: deployment.id
            )
            sweep.follow(.stopDeployment(place))
        }
        // What came up late may have displaced the one that ought to serve, before or since it was looked for.
        guard stops, let place = sweep.live?.place else { return }
        sweep.follow(.readLive(place))
        sweep.follow(.reviveDeployment(place))
    }
}

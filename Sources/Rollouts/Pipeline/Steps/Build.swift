// SPDX-License-Identifier: Apache-2.0

/// Builds the version into an image.
struct BuildStep: CreatingRules {
    static let precededBy = RolloutStep.register
    let next = Rollout.Move.advance(to: .deploy)

    private let run: ResolvedRun
    private let plan: RolloutPlan
    private let made: MadeObjects
    private let modelID: String
    private let versionID: String
    private let marker: String
    private let secondKeys: SecondKeys?

    init?(_ rollout: Rollout) {
        guard let run = rollout.state.run, let modelID = rollout.state.made.modelID,
            let versionID = rollout.state.made.versionID
        else { return nil }
        self.run = run
        self.plan = rollout.state.plan
        self.made = rollout.state.made
        self.modelID = modelID
        self.versionID = versionID
        self.marker = rollout.state.marker
        self.secondKeys = rollout.state.secondKeys
    }

    // MARK: What is asked

    var look: APICall { .findBuild(self.look(self.secondKeys)) }

    /// One short page: the server itself leaves out what has another comment.
    var twinLook: APICall? { .findBuild(self.look(nil)) }

    private func look(_ secondKeys: SecondKeys?) -> BuildLook {
        BuildLook(
            projectID: self.run.projectID,
            modelID: self.modelID,
            versionID: self.versionID,
            runtimeIdentifier: self.made.runtimeIdentifier ?? "",
            marker: self.marker,
            secondKeys: secondKeys
        )
    }

    var creation: Rollout.Move {
        guard let runtime = self.made.runtimeIdentifier else { return .call(.findRuntime(self.plan.runtime)) }
        let comment = self.plan.buildComment
        let request = BuildRequest(
            projectID: self.run.projectID,
            modelID: self.modelID,
            versionID: self.versionID,
            runtimeIdentifier: runtime,
            // First, since what is cut off a text is its end.
            comment: comment.isEmpty ? self.marker : "\(self.marker) \(comment)"
        )
        return .create(.createBuild(request), .build)
    }

    var read: APICall? {
        self.made.buildID.map { .readBuild(projectID: self.run.projectID, modelID: self.modelID, buildID: $0) }
    }

    // MARK: What an answer means

    static func id(in made: MadeObjects) -> String? { made.buildID }

    static func progress(of facts: BuildFacts) -> Progress { facts.progress }

    static func adopt(_ facts: BuildFacts, for rollout: Rollout) { rollout.state.made.buildID = facts.buildID }

    static func making(of facts: BuildFacts) -> Making { facts.making }

    static func failure(of facts: BuildFacts, _ message: String) -> Cause {
        Cause(.build, "build \(facts.buildID) ended as '\(message)'")
    }

    // MARK: What may be left behind

    static func search(for state: RolloutState) -> SweepCall? {
        guard let run = state.run, let modelID = state.made.modelID, let versionID = state.made.versionID else {
            return nil
        }
        return .findBuilds(
            BuildLook(
                projectID: run.projectID,
                modelID: modelID,
                versionID: versionID,
                runtimeIdentifier: state.made.runtimeIdentifier ?? "",
                marker: state.marker,
                secondKeys: state.aftermath?.doubts.first { $0.step == .build }?.from.map { SecondKeys(since: $0) }
            )
        )
    }

    static func cleanUp(_ builds: [MarkedObject], in sweep: inout Sweep) {
        guard let run = sweep.state.run, let modelID = sweep.state.made.modelID else { return }
        for build in builds where build.id != sweep.state.made.buildID {
            guard build.isMarked else {
                // It may be a person's after all: it is told, and no more.
                if sweep.isByUs(build, .build) { sweep.note(.build, build.id, .left) }
                continue
            }
            sweep.note(.build, build.id, .removed)
            sweep.follow(.removeBuild(projectID: run.projectID, modelID: modelID, buildID: build.id))
        }
    }
}

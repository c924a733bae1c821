// SPDX-License-Identifier: Apache-2.0

/// Registers the run as a version of the model in the registry.
struct RegisterStep: CreatingRules {
    static let precededBy = RolloutStep.resolve
    let next = Rollout.Move.advance(to: .model)

    private let run: ResolvedRun
    private let plan: RolloutPlan
    private let made: MadeObjects
    private let marker: String
    private let secondKeys: SecondKeys?
    /// A version that the workbench named with the run.
    private let named: RegisteredVersion?

    init?(_ rollout: Rollout) {
        guard let run = rollout.state.run else { return nil }
        self.run = run
        self.plan = rollout.state.plan
        self.made = rollout.state.made
        self.marker = rollout.state.marker
        self.secondKeys = rollout.state.secondKeys
        self.named = rollout.namedVersion
    }

    // MARK: What is asked

    /// One request instead of a search.
    var shortcut: APICall? { self.named.map { self.reading($0.registeredModelID, $0.versionID) } }

    var look: APICall {
        .findVersion(
            modelName: self.plan.registeredName,
            experimentID: self.run.experimentID,
            runID: self.run.runID,
            marker: self.marker,
            self.secondKeys
        )
    }

    var creation: Rollout.Move {
        let request = VersionRequest(
            projectID: self.run.projectID,
            experimentID: self.run.experimentID,
            runID: self.run.runID,
            modelName: self.plan.registeredName,
            artifactPath: self.plan.artifactPath,
            description: self.plan.modelDescription,
            marker: self.marker
        )
        return .create(.registerVersion(request), .version)
    }

    var read: APICall? {
        guard let modelID = self.made.registeredModelID, let versionID = self.made.versionID else { return nil }
        return self.reading(modelID, versionID)
    }

    private func reading(_ registeredModelID: String, _ versionID: String) -> APICall {
        .readVersion(registeredModelID: registeredModelID, versionID: versionID, marker: self.marker)
    }

    // MARK: What an answer means

    static func id(in made: MadeObjects) -> String? { made.registeredModelID.flatMap { _ in made.versionID } }

    static func progress(of facts: VersionFacts) -> Progress { facts.progress }

    static func objection(to facts: VersionFacts, by rollout: Rollout) -> Objection? {
        guard case .failed(let message) = facts.progress else { return nil }
        // Somebody else's failed upload of the same run is no reason not to try.
        return facts.isOurs || rollout.hasOwnVersion ? .end(self.failure(of: facts, message)) : .ignore
    }

    static func adopt(_ facts: VersionFacts, for rollout: Rollout) {
        if facts.isOurs { rollout.hasOwnVersion = true }
        rollout.namedVersions = nil
        rollout.state.made.registeredModelID = facts.registeredModelID
        rollout.state.made.versionID = facts.versionID
    }

    static func making(of facts: VersionFacts) -> Making { facts.making }

    static func failure(of facts: VersionFacts, _ message: String) -> Cause { Cause(.registration, message) }

    // MARK: What may be left behind

    static func search(for state: RolloutState) -> SweepCall? {
        state.run.map {
            .findVersions(modelName: state.plan.registeredName, runID: $0.runID, marker: state.marker)
        }
    }

    static func cleanUp(_ versions: [MarkedObject], in sweep: inout Sweep) {
        // Only where the rollout got beyond registering is its own version the one that everybody finds first.
        let isOursReady = sweep.state.made.modelID != nil
        for version in versions where version.id != sweep.state.made.versionID {
            guard version.isMarked else {
                // A person may have registered the run, too: it is told, and no more.
                if sweep.isByUs(version, .version) { sweep.note(.version, version.id, .left) }
                continue
            }
            sweep.note(.version, version.id, isOursReady ? .removed : .left)
            guard isOursReady, let run = sweep.state.run, let modelID = sweep.state.made.modelID else { continue }
            sweep.follow(.findUses(projectID: run.projectID, modelID: modelID, versionID: version.id))
            sweep.follow(.removeVersion(registeredModelID: version.parent, versionID: version.id))
        }
    }
}

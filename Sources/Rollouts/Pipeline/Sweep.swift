// SPDX-License-Identifier: Apache-2.0

/// Looks, some time after a rollout's end, for what its calls of unknown outcome have made after all.
///
/// Pure. It takes away what the API lets it, but never what somebody may go by: a version stays where the rollout has
/// none of its own that got ready, since a replay may have adopted it.
package struct Sweep: Sendable {
    /// The rollout; its end is journalled.
    package private(set) var state: RolloutState
    /// The run that is live for the model, and where, as the lane said when the sweep began.
    private let live: LiveDeployment?
    /// Steps that are still to be looked at.
    private var steps: [CreatingStep]
    /// Calls that follow from what was found.
    private var pending: [SweepCall] = []
    /// What was found.
    package private(set) var orphans: [Orphan] = []
    /// Failures of the call that is to be made next.
    package var attempts = 0
    /// Whether what was found is journalled and told; only then anything is taken away, so that no report is lost.
    private var isTold = false

    /// What a sweep does next.
    package enum Move: Sendable, Equatable {
        /// Make a call.
        case call(SweepCall)
        /// Write down what was found, tell people, and go on when that is committed.
        case tell
        /// Write down that it is over.
        case finish
    }

    /// Begins a sweep, or goes on with one that another process began.
    package init(_ state: RolloutState, live: LiveDeployment?) {
        self.state = state
        self.live = live
        self.steps = state.aftermath?.doubts ?? []
        self.orphans = state.aftermath?.orphans ?? []
    }

    /// Whether it looks for deployments, which must not happen while another rollout of the model is under way.
    package static func concernsDeployments(_ state: RolloutState) -> Bool {
        state.aftermath?.doubts.contains(.deployment) ?? false
    }

    /// The next move.
    package mutating func nextMove() -> Move {
        while let step = self.steps.first {
            if let call = self.search(step) { return .call(call) }
            self.steps.removeFirst()
        }
        if !self.isTold, self.orphans != self.state.aftermath?.orphans ?? [] { return .tell }
        return self.pending.first.map { .call($0) } ?? .finish
    }

    /// What was found is to be written down: the state that says so.
    package mutating func tell() -> RolloutState {
        self.isTold = true
        self.state.aftermath?.orphans = self.orphans
        self.state.sequence += 1
        return self.state
    }

    private func search(_ step: CreatingStep) -> SweepCall? {
        guard let run = self.state.run else { return nil }
        let made = self.state.made
        switch step {
        case .version:
            return .findVersions(modelName: self.state.plan.modelName, runID: run.runID, marker: self.state.marker)
        case .model:
            // A project has one model of a name: a second one is refused, so there is none to be found.
            return nil
        case .build:
            guard let modelID = made.modelID else { return nil }
            return .findBuilds(projectID: run.projectID, modelID: modelID, marker: self.state.marker)
        case .deployment:
            guard let modelID = made.modelID, let buildID = made.buildID else { return nil }
            return .findDeployments(projectID: run.projectID, modelID: modelID, buildID: buildID)
        }
    }

    /// A call was answered; `objects` is what a search found.
    package mutating func succeeded(_ objects: [MarkedObject]) {
        self.attempts = 0
        guard !self.steps.isEmpty else {
            if !self.pending.isEmpty { self.pending.removeFirst() }
            return
        }
        switch self.steps.removeFirst() {
        case .version: self.foundVersions(objects)
        case .model: break
        case .build: self.foundBuilds(objects)
        case .deployment: self.foundDeployments(objects)
        }
    }

    /// The call can't be made: what it was to take away is left, what it was to find stays unknown.
    package mutating func gaveUp() {
        self.attempts = 0
        guard self.steps.isEmpty else {
            self.steps.removeFirst()
            return
        }
        guard !self.pending.isEmpty else { return }
        let id: String? =
            switch self.pending.removeFirst() {
            case .removeVersion(_, let versionID): versionID
            case .removeBuild(_, _, let buildID): buildID
            case .stopDeployment(let place): place.deploymentID
            case .findVersions, .findBuilds, .findDeployments, .reviveDeployment: nil
            }
        guard let index = self.orphans.firstIndex(where: { $0.id == id }) else { return }
        self.orphans[index].outcome = .left
    }

    /// The rollout's state once the sweep is over, and whether it says something that was not told yet.
    package func finished() -> (state: RolloutState, isNews: Bool) {
        var state = self.state
        let isNews = self.orphans != state.aftermath?.orphans ?? []
        state.aftermath?.doubts = []
        state.aftermath?.orphans = self.orphans
        if isNews { state.sequence += 1 }
        return (state, isNews)
    }

    /// Notes an object; one that an earlier process noted already keeps its place.
    private mutating func note(_ kind: CreatingStep, _ id: String, _ outcome: Orphan.Outcome) {
        let orphan = Orphan(kind: kind, id: id, outcome: outcome)
        if let index = self.orphans.firstIndex(where: { $0.id == id && $0.kind == kind }) {
            self.orphans[index] = orphan
        } else {
            self.orphans.append(orphan)
        }
    }

    private mutating func foundVersions(_ versions: [MarkedObject]) {
        // Only where the rollout got beyond registering is its own version the one that everybody finds first.
        let isOursReady = self.state.made.modelID != nil
        for version in versions where version.id != self.state.made.versionID {
            self.note(.version, version.id, isOursReady ? .removed : .left)
            guard isOursReady else { continue }
            self.pending.append(.removeVersion(registeredModelID: version.parent, versionID: version.id))
        }
    }

    private mutating func foundBuilds(_ builds: [MarkedObject]) {
        guard let run = self.state.run, let modelID = self.state.made.modelID else { return }
        for build in builds where build.id != self.state.made.buildID {
            self.note(.build, build.id, .removed)
            self.pending.append(.removeBuild(projectID: run.projectID, modelID: modelID, buildID: build.id))
        }
    }

    private mutating func foundDeployments(_ deployments: [MarkedObject]) {
        guard let run = self.state.run, let modelID = self.state.made.modelID, let buildID = self.state.made.buildID
        else { return }
        let own = self.state.made.deploymentID
        let isOwnActive = deployments.contains { $0.id == own && $0.isActive }
        let isOwnLive = own != nil && self.live?.place?.deploymentID == own
        var displaces = false
        for deployment in deployments where deployment.id != own {
            guard deployment.isActive else {
                // Noted before: then an earlier process has stopped it, and may not have come to reviving.
                displaces = displaces || !isOwnLive && self.orphans.contains { $0.id == deployment.id }
                self.note(.deployment, deployment.id, .stopped)
                continue
            }
            if isOwnLive, !isOwnActive, !self.orphans.contains(where: { $0.outcome == .serving }) {
                self.note(.deployment, deployment.id, .serving)
                continue
            }
            self.note(.deployment, deployment.id, .stopped)
            displaces = displaces || !isOwnLive
            self.pending.append(
                .stopDeployment(
                    DeploymentPlace(
                        projectID: run.projectID,
                        modelID: modelID,
                        buildID: buildID,
                        deploymentID: deployment.id
                    )
                )
            )
        }
        // An older run that came up late has displaced the one that ought to serve.
        if displaces, let place = self.live?.place { self.pending.append(.reviveDeployment(place)) }
    }
}

/// The run that is live for a model, and its deployment where that is known.
package struct LiveDeployment: Sendable, Equatable {
    /// The run.
    package var run: ResolvedRun
    /// Its deployment; `nil` in journals of versions that did not keep it.
    package var place: DeploymentPlace?

    /// Creates one.
    package init(run: ResolvedRun, place: DeploymentPlace?) {
        self.run = run
        self.place = place
    }
}

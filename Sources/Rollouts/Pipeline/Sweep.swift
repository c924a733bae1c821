// SPDX-License-Identifier: Apache-2.0

/// Looks, some time after a rollout's end, for what its calls of unknown outcome have made after all.
///
/// Pure. It takes away what the API lets it, but never what somebody may go by: a version stays where the rollout has
/// none of its own that got ready, since a replay may have adopted it.
package struct Sweep: Sendable {
    /// The rollout; its end is journalled.
    package private(set) var state: RolloutState
    /// The run that is live for the model, and where, as the lane said when the sweep began.
    let live: LiveDeployment?
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
            if let call = step.rules.search(for: self.state) { return .call(call) }
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

    /// A call was answered; `objects` is what a search found.
    package mutating func succeeded(_ objects: [MarkedObject]) {
        self.attempts = 0
        guard !self.steps.isEmpty else {
            if !self.pending.isEmpty { self.pending.removeFirst() }
            return
        }
        self.steps.removeFirst().rules.cleanUp(objects, in: &self)
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

    /// Something is to be done once what was found is told.
    mutating func follow(_ call: SweepCall) { self.pending.append(call) }

    /// Notes an object; one that an earlier process noted already keeps its place.
    mutating func note(_ kind: CreatingStep, _ id: String, _ outcome: Orphan.Outcome) {
        let orphan = Orphan(kind: kind, id: id, outcome: outcome)
        if let index = self.orphans.firstIndex(where: { $0.id == id && $0.kind == kind }) {
            self.orphans[index] = orphan
        } else {
            self.orphans.append(orphan)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Values

/// Looks, some time after a rollout's end, for what its calls of unknown outcome have made after all.
///
/// Pure. It takes away what the API lets it, but never what somebody may go by: a version stays where the rollout has
/// none of its own that got ready, since a replay may have adopted it, and where something is built from it.
package struct Sweep: Sendable {
    /// The rollout; its end is journalled.
    package private(set) var state: RolloutState
    /// The run that is live for the model, and where, as the lane says now.
    package var live: LiveDeployment?
    /// The user whose key the worker has; empty where that is not known.
    let user: String
    /// Steps that are still to be looked at.
    private var steps: [CreatingStep]
    /// Calls that follow from what was found.
    private var pending: [SweepCall] = []
    /// What was found.
    package private(set) var orphans: [Orphan] = []
    /// Failures of the call that is to be made next.
    var failures = Failures()
    /// Says that the change that is to be made next is journalled; for one change each.
    package var intent: CommittedIntent?
    /// Whether what was found is journalled and told; only then anything is taken away, so that no report is lost.
    private var isTold = false

    /// How often it is looked: the second time, much later, finds what was applied later than anyone waits.
    static let looks = 2

    /// Failures of one call in turn, while the part of the workbench that it is made to was up.
    struct Failures {
        /// How many.
        var count = 0
        /// When the first one was.
        var since: MonotonicTime?
    }

    /// What a sweep does next.
    package enum Move: Sendable, Equatable {
        /// Make a call.
        case call(SweepCall)
        /// Write down what was found, tell people, and go on when that is committed.
        case tell
        /// Write down that it is over, or that it is to be looked once more.
        case finish
    }

    /// Begins a sweep, or goes on with one that another process began.
    package init(_ state: RolloutState, live: LiveDeployment?, user: String = "") {
        self.state = state
        self.live = live
        self.user = user
        self.steps = state.aftermath?.doubts.map(\.step) ?? []
        self.orphans = state.aftermath?.orphans ?? []
    }

    /// The next move.
    package mutating func nextMove() -> Move {
        while let step = self.steps.first {
            if var call = step.rules.search(for: self.state) {
                call.complete(user: self.user, live: self.live)
                return .call(call)
            }
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

    /// A change is about to be made: the state that says so.
    package mutating func announce() -> RolloutState {
        self.state.aftermath?.isChanging = true
        return self.state
    }

    /// A call was answered; `objects` is what a search found.
    package mutating func succeeded(_ objects: [MarkedObject]) {
        self.failures = Failures()
        self.intent = nil
        guard !self.steps.isEmpty else {
            guard !self.pending.isEmpty else { return }
            switch self.pending.removeFirst() {
            case .findUses(_, _, let versionID) where !objects.isEmpty:
                // Something is built from it: it stays, and the call that was to follow is not made.
                self.leave(versionID)
                self.pending.removeFirst()
            case .readLive where objects.contains(where: \.isActive): self.pending.removeFirst()
            default: break
            }
            return
        }
        self.steps.removeFirst().rules.cleanUp(objects, in: &self)
    }

    /// What is to be changed must wait, and may be another thing by then.
    package mutating func lookAgain() {
        self.pending = []
        self.intent = nil
        self.isTold = false
        self.steps = self.state.aftermath?.doubts.map(\.step) ?? []
    }

    /// The call can't be made: what it was to take away is left, what it was to find stays unknown.
    package mutating func gaveUp() {
        self.failures = Failures()
        self.intent = nil
        guard self.steps.isEmpty else {
            self.steps.removeFirst()
            return
        }
        guard !self.pending.isEmpty else { return }
        switch self.pending.removeFirst() {
        case .findUses(_, _, let versionID):
            self.leave(versionID)
            self.pending.removeFirst()
        case .readLive: self.pending.removeFirst()
        case .removeVersion(_, let versionID): self.leave(versionID)
        case .removeBuild(_, _, let buildID): self.leave(buildID)
        case .stopDeployment(let place): self.leave(place.deploymentID)
        case .findVersions, .findBuilds, .findDeployments, .reviveDeployment: break
        }
    }

    private mutating func leave(_ id: String) {
        guard let index = self.orphans.firstIndex(where: { $0.id == id }) else { return }
        self.orphans[index].outcome = .left
    }

    /// The rollout's state once this look is over, and whether it says something that was not told yet.
    package func finished() -> (state: RolloutState, isNews: Bool) {
        var state = self.state
        let isNews = self.orphans != state.aftermath?.orphans ?? []
        let looks = (state.aftermath?.looks ?? 0) + 1
        state.aftermath?.looks = looks
        if looks >= Self.looks { state.aftermath?.doubts = [] }
        state.aftermath?.isChanging = false
        state.aftermath?.orphans = self.orphans
        if isNews { state.sequence += 1 }
        return (state, isNews)
    }

    /// Whether something without a marker may be of the rollout's calls: made by our user, and in their time.
    func isByUs(_ object: MarkedObject, _ step: CreatingStep) -> Bool {
        guard self.user.isEmpty || object.user.isEmpty || object.user == self.user else { return false }
        return self.state.aftermath?.doubts.first { $0.step == step }?.covers(object.createdAt) ?? false
    }

    /// Whether another deployment than this one is known to serve in place of the rollout's own.
    func serves(besides id: String) -> Bool { self.orphans.contains { $0.outcome == .serving && $0.id != id } }

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

// SPDX-License-Identifier: Apache-2.0

/// The rollouts of one model: one at a time, the newest run wins.
package struct Lane: Sendable, Equatable {
    /// Names a lane.
    package struct Key: Hashable, Sendable {
        /// Project of the model.
        package var projectID: String
        /// Name of the model.
        package var modelName: String

        /// Creates a key.
        package init(projectID: String, modelName: String) {
            self.projectID = projectID
            self.modelName = modelName
        }
    }

    /// A rollout that waits for its turn.
    package struct Waiting: Sendable, Equatable {
        var id: RolloutID
        var order: RunOrder
        var mode: QueueMode
        var allowsRollback: Bool
    }

    /// What happens to a rollout that comes in.
    package enum Entry: Sendable, Equatable {
        /// It is its turn.
        case head
        /// It waits; those listed make room for it.
        case queued(superseding: [RolloutID])
        /// A newer one waits already.
        case superseded(by: RunOrder)
    }

    /// The rollout whose turn it is.
    package private(set) var head: RolloutID?
    /// Those that wait, in the order in which they will run.
    package private(set) var waiting: [Waiting] = []
    /// The newest run ever deployed for this model, or that may have been.
    package private(set) var newestDeployed: RunOrder?
    /// The run that is deployed now, as far as the workbench has said so.
    package private(set) var live: ResolvedRun?

    /// Creates an empty lane.
    package init() {}

    /// Whether nothing is known of the model.
    package var isEmpty: Bool { self.head == nil && self.waiting.isEmpty && self.newestDeployed == nil }

    /// A resolved rollout comes in.
    package mutating func enter(
        _ id: RolloutID,
        order: RunOrder,
        mode: QueueMode,
        allowsRollback: Bool
    ) -> Entry {
        guard self.head != nil else {
            self.head = id
            return .head
        }
        let newcomer = Waiting(id: id, order: order, mode: mode, allowsRollback: allowsRollback)
        // A rollback is a wish of its own: it neither makes room nor is it passed by what came before it.
        let barrier = self.waiting.lastIndex { $0.allowsRollback }.map { $0 + 1 } ?? 0
        if !allowsRollback, mode == .latest, let newer = self.waiting[barrier...].first(where: { $0.order > order }) {
            return .superseded(by: newer.order)
        }
        var superseded: [RolloutID] = []
        if !allowsRollback {
            superseded = self.waiting.filter { $0.mode == .latest && !$0.allowsRollback && $0.order < order }.map(\.id)
            self.waiting.removeAll { superseded.contains($0.id) }
        }
        self.insert(newcomer)
        return .queued(superseding: superseded)
    }

    private mutating func insert(_ newcomer: Waiting) {
        guard !newcomer.allowsRollback else {
            self.waiting.append(newcomer)
            return
        }
        let barrier = self.waiting.lastIndex { $0.allowsRollback }.map { $0 + 1 } ?? 0
        let place = self.waiting[barrier...].firstIndex { $0.order > newcomer.order } ?? self.waiting.count
        self.waiting.insert(newcomer, at: place)
    }

    /// A rollout ends or is dropped.
    ///
    /// - Returns: The rollout whose turn it is now, if the head has left.
    package mutating func leave(_ id: RolloutID) -> RolloutID? {
        guard self.head == id else {
            self.waiting.removeAll { $0.id == id }
            return nil
        }
        self.head = self.waiting.isEmpty ? nil : self.waiting.removeFirst().id
        return self.head
    }

    /// The run that stands in the way of `order`: the newest one ever deployed, if that is newer.
    package func newer(than order: RunOrder) -> RunOrder? {
        guard let newestDeployed, newestDeployed > order else { return nil }
        return newestDeployed
    }

    /// The workbench reports the deployment of `run` as up.
    package mutating func deployed(_ run: ResolvedRun) {
        self.live = run
        self.mayBeDeployed(run.order)
    }

    /// A deployment of the run was made, or may have been, and may come up by itself: what is older stays out.
    package mutating func mayBeDeployed(_ order: RunOrder) {
        self.newestDeployed = max(self.newestDeployed ?? order, order)
    }

    /// Takes over what the journal says of the model.
    package mutating func restore(newestDeployed: RunOrder, live: ResolvedRun?) {
        self.newestDeployed = newestDeployed
        self.live = live
    }
}

/// What must outlive the process of one lane: which run is live, and the newest one ever deployed.
package struct LaneState: Codable, Sendable, Equatable {
    /// Project of the model.
    package var projectID: String
    /// Name of the model.
    package var modelName: String
    /// The newest run ever deployed, or that may have been.
    package var newestDeployed: RunOrder
    /// The run that is deployed now, as far as the workbench has said so.
    package var live: ResolvedRun?

    /// Names the lane.
    package var key: Lane.Key { Lane.Key(projectID: self.projectID, modelName: self.modelName) }

    /// Creates a state.
    package init(projectID: String, modelName: String, newestDeployed: RunOrder, live: ResolvedRun?) {
        self.projectID = projectID
        self.modelName = modelName
        self.newestDeployed = newestDeployed
        self.live = live
    }
}

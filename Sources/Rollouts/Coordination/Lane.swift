// SPDX-License-Identifier: Apache-2.0

package import Values

/// The rollouts of one model: one at a time, the newest run wins.
package struct Lane: Sendable {
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

        /// Whether a newer run takes its place.
        var isSupersedable: Bool { self.mode == .latest && !self.allowsRollback }
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
    /// The newest run ever deployed for this model, or that may have been.
    package private(set) var newestDeployed: RunOrder?
    /// The run that is deployed now, as far as the workbench has said so.
    @Rare package private(set) var liveDeployment: LiveDeployment?
    /// Those that wait, in the order in which they will run.
    ///
    /// Behind the last rollback they are sorted, oldest run first, so that a long queue costs no search.
    package private(set) var waiting = FIFO<Waiting>()
    /// How many of those that wait a newer run may supersede.
    private var supersedable = 0
    /// How many of those that wait are rollbacks.
    private var rollbacks = 0

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
        guard !allowsRollback else {
            self.waiting.append(newcomer)
            self.rollbacks += 1
            return .queued(superseding: [])
        }
        if mode == .latest, let last = self.waiting.last, !last.allowsRollback, last.order > order {
            return .superseded(by: last.order)
        }
        let superseded = self.supersede(olderThan: order)
        self.waiting.insert(newcomer, at: self.place(of: order))
        if newcomer.isSupersedable { self.supersedable += 1 }
        return .queued(superseding: superseded)
    }

    private mutating func supersede(olderThan order: RunOrder) -> [RolloutID] {
        guard self.supersedable > 0 else { return [] }
        // Without a rollback all are sorted: where the oldest is not older, none is.
        if self.rollbacks == 0, let oldest = self.waiting.first, oldest.order >= order { return [] }
        var superseded: [RolloutID] = []
        self.waiting.removeAll { waiting in
            guard waiting.isSupersedable, waiting.order < order else { return false }
            superseded.append(waiting.id)
            return true
        }
        self.supersedable -= superseded.count
        return superseded
    }

    /// Where a run belongs: behind the last rollback, and there behind every run that is not newer.
    private func place(of order: RunOrder) -> Int {
        var low = 0
        if self.rollbacks > 0, let barrier = self.waiting.lastIndex(where: \.allowsRollback) { low = barrier + 1 }
        var high = self.waiting.count
        while low < high {
            let middle = (low + high) / 2
            if self.waiting[middle].order > order { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// A rollout ends or is dropped.
    ///
    /// - Returns: The rollout whose turn it is now, if the head has left.
    package mutating func leave(_ id: RolloutID) -> RolloutID? {
        guard self.head == id else {
            if let index = self.waiting.firstIndex(where: { $0.id == id }) {
                self.forget(self.waiting.remove(at: index))
            }
            return nil
        }
        guard let next = self.waiting.popFirst() else {
            self.head = nil
            return nil
        }
        self.head = next.id
        self.forget(next)
        return self.head
    }

    private mutating func forget(_ waiting: Waiting) {
        if waiting.allowsRollback { self.rollbacks -= 1 }
        if waiting.isSupersedable { self.supersedable -= 1 }
    }

    /// The run that stands in the way of `order`: the newest one ever deployed, if that is newer.
    package func newer(than order: RunOrder) -> RunOrder? {
        guard let newestDeployed, newestDeployed > order else { return nil }
        return newestDeployed
    }

    /// The run that is live.
    package var live: ResolvedRun? { self.liveDeployment?.run }

    /// The workbench reports the deployment of `run` as up.
    package mutating func deployed(
        _ run: ResolvedRun,
        at place: DeploymentPlace? = nil,
        registeredModelID: String? = nil
    ) {
        self.liveDeployment = LiveDeployment(run: run, place: place, registeredModelID: registeredModelID)
        self.mayBeDeployed(run.order)
    }

    /// A deployment of the run was made, or may have been, and may come up by itself: what is older stays out.
    package mutating func mayBeDeployed(_ order: RunOrder) {
        self.newestDeployed = max(self.newestDeployed ?? order, order)
    }

    /// Takes over what the journal says of the model.
    package mutating func restore(_ state: LaneState) {
        self.newestDeployed = state.newestDeployed
        self.liveDeployment = state.live.map {
            LiveDeployment(run: $0, place: state.place, registeredModelID: state.registeredModelID)
        }
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
    /// Where its deployment lies; absent in journals of versions that did not keep it.
    package var place: DeploymentPlace?
    /// The registered model that its version is of.
    package var registeredModelID: String?

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

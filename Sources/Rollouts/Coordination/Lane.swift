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

    /// A rollout that comes in, and may wait for its turn.
    package struct Waiting: Sendable, Equatable {
        /// When it was accepted, and its id.
        var acceptance: Acceptance
        var order: RunOrder
        var mode: QueueMode
        var allowsRollback: Bool
        /// Whether an operator has asked for it.
        var isCommand: Bool

        /// The rollout.
        var id: RolloutID { self.acceptance.id }

        /// Whether a newer run takes its place.
        var isSupersedable: Bool { self.mode == .latest && !self.allowsRollback }

        /// Whether it goes before another one, where no rollback stands between them.
        ///
        /// Those that want each run in turn first, the oldest run first; then the newest of those that want only the latest.
        func goesBefore(_ other: Waiting) -> Bool {
            guard self.mode == other.mode else { return self.mode == .every }
            guard self.order == other.order else { return (self.order < other.order) == (self.mode == .every) }
            return self.acceptance < other.acceptance
        }
    }

    /// What happens to a rollout that comes in.
    package enum Entry: Sendable, Equatable {
        /// It is its turn.
        case head
        /// It waits; the one named is the oldest of too many that want only the latest run, and ends.
        case queued(superseding: RolloutID?)
        /// It is itself the oldest of too many.
        case superseded(by: RunOrder)
    }

    /// How many that want only the latest run may wait.
    ///
    /// Each of them may turn out to be the best: who has passed its gates supersedes the others, nobody before. So many newer
    /// ones in a row will not all fail theirs.
    static let candidateLimit = 100

    /// The rollout whose turn it is.
    package private(set) var head: RolloutID?
    /// The newest run ever deployed for this model, or that may have been.
    package private(set) var newestDeployed: RunOrder?
    /// The run that is deployed now, as far as the workbench has said so.
    @Rare package private(set) var liveDeployment: LiveDeployment?
    /// Those that wait, in the order in which they will run.
    ///
    /// Rollbacks stand in the order of acceptance, and between them what was accepted between them. There it is sorted
    /// (`Waiting.goesBefore`), so that a long queue costs no search.
    package private(set) var waiting = FIFO<Waiting>()
    /// How many of those that wait a newer run may supersede.
    private var supersedable: Int32 = 0
    /// How many of those that wait are rollbacks.
    private var rollbacks: Int32 = 0
    /// How many of those that wait operators have asked for.
    private var commands: Int32 = 0
    /// When rollouts have begun their work within an hour, the oldest first; kept only where a quota counts them.
    @Rare package private(set) var beginnings: [Timestamp]?

    /// Creates an empty lane.
    package init() {}

    /// Whether nothing is known of the model.
    package var isEmpty: Bool {
        self.head == nil && self.waiting.isEmpty && self.newestDeployed == nil && self.beginnings == nil
    }

    /// A resolved rollout comes in.
    package mutating func enter(_ newcomer: Waiting) -> Entry {
        guard self.head != nil else {
            self.head = newcomer.id
            return .head
        }
        return self.wait(newcomer)
    }

    /// A rollout waits, whether somebody has the turn or not; `takeTurn` follows where nobody has.
    package mutating func wait(_ newcomer: Waiting) -> Entry {
        let span = self.span(of: newcomer.acceptance)
        if newcomer.allowsRollback {
            self.insert(rollback: newcomer, in: span)
        } else {
            self.waiting.insert(newcomer, at: self.place(of: newcomer, in: span))
        }
        self.count(newcomer, by: 1)
        guard newcomer.isSupersedable, self.supersedable > Self.candidateLimit, let oldest = self.oldestCandidate else {
            return .queued(superseding: nil)
        }
        let superseded = self.waiting[oldest]
        let newest = self.waiting.lazy.filter(\.isSupersedable).map(\.order).max()
        self.count(self.waiting.remove(at: oldest), by: -1)
        guard superseded.id != newcomer.id else { return .superseded(by: newest ?? newcomer.order) }
        return .queued(superseding: superseded.id)
    }

    private mutating func count(_ waiting: Waiting, by number: Int32) {
        if waiting.allowsRollback { self.rollbacks += number }
        if waiting.isSupersedable { self.supersedable += number }
        if waiting.isCommand { self.commands += number }
    }

    /// Whether somebody waits whom an operator has asked for.
    package var isAwaitedByOperator: Bool { self.commands > 0 }

    private var oldestCandidate: Int? {
        // Without a rollback all are sorted, and it stands at the end.
        guard self.rollbacks > 0 else { return self.waiting.indices.last }
        return self.waiting.indices.lazy.filter { self.waiting[$0].isSupersedable }
            .min { self.waiting[$1].goesBefore(self.waiting[$0]) }
    }

    /// The places between the rollbacks around a moment of acceptance.
    private func span(of acceptance: Acceptance) -> Range<Int> {
        var end = self.waiting.count
        guard self.rollbacks > 0 else { return 0..<end }
        for index in self.waiting.indices.reversed() where self.waiting[index].allowsRollback {
            if self.waiting[index].acceptance < acceptance { return index + 1..<end }
            end = index
        }
        return 0..<end
    }

    private func place(of newcomer: Waiting, in span: Range<Int>) -> Int {
        var (low, high) = (span.lowerBound, span.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if newcomer.goesBefore(self.waiting[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// A rollback is a wish of its own: what was accepted before it runs before it, all else after it.
    private mutating func insert(rollback: Waiting, in span: Range<Int>) {
        var all = FIFO<Waiting>()
        for waiting in self.waiting[..<span.lowerBound] { all.append(waiting) }
        for waiting in self.waiting[span] where waiting.acceptance < rollback.acceptance { all.append(waiting) }
        all.append(rollback)
        for waiting in self.waiting[span] where waiting.acceptance > rollback.acceptance { all.append(waiting) }
        for waiting in self.waiting[span.upperBound...] { all.append(waiting) }
        self.waiting = all
    }

    /// The rollout whose turn it is has passed its gates: what waits, is older and wants only the latest run ends.
    ///
    /// - Returns: Those that end.
    package mutating func supersede(olderThan order: RunOrder) -> [RolloutID] {
        guard self.supersedable > 0 else { return [] }
        var superseded: [Waiting] = []
        if self.rollbacks == 0 {
            while let last = self.waiting.last, last.isSupersedable, last.order < order {
                superseded.append(last)
                _ = self.waiting.remove(at: self.waiting.count - 1)
            }
        } else {
            self.waiting.removeAll { waiting in
                guard waiting.isSupersedable, waiting.order < order else { return false }
                superseded.append(waiting)
                return true
            }
        }
        for waiting in superseded { self.count(waiting, by: -1) }
        return superseded.map(\.id)
    }

    /// A rollout ends or is dropped.
    ///
    /// - Returns: The rollout whose turn it is now, if the head has left.
    package mutating func leave(_ id: RolloutID) -> RolloutID? {
        guard self.head == id else {
            if let index = self.waiting.firstIndex(where: { $0.id == id }) {
                self.count(self.waiting.remove(at: index), by: -1)
            }
            return nil
        }
        self.head = nil
        return self.takeTurn()
    }

    /// Gives the turn to the next one that waits, where nobody has it.
    ///
    /// - Returns: The rollout whose turn it is now, and was not before.
    package mutating func takeTurn() -> RolloutID? {
        guard self.head == nil, let next = self.waiting.popFirst() else { return nil }
        self.count(next, by: -1)
        self.head = next.id
        return next.id
    }

    /// A rollout begins its work.
    ///
    /// - Parameters:
    ///   - time: Now.
    ///   - most: How many may begin in an hour: no more are kept, whatever operators let begin beside them.
    package mutating func begins(at time: Timestamp, atMost most: Int) {
        self.beginnings = (self.beginnings(before: time) + [time]).suffix(most)
    }

    /// An hour has gone by since a rollout began: it counts no more, nor does what began before it.
    package mutating func forgetBeginnings(until time: Timestamp) {
        guard let beginnings = self.beginnings?.filter({ $0 > time }) else { return }
        self.beginnings = beginnings.isEmpty ? nil : beginnings
    }

    /// What a clock that was ahead has written counts once its time has come.
    private func beginnings(before now: Timestamp) -> [Timestamp] {
        let hour = now.advanced(by: .zero - HourCounts.window)
        return (self.beginnings ?? []).filter { $0 > hour && $0 <= now }
    }

    /// When the next rollout may begin of which so many may in an hour; `nil` for now.
    package func nextBeginning(atMost most: Int, now: Timestamp) -> Timestamp? {
        let counting = self.beginnings(before: now)
        guard counting.count >= most else { return nil }
        return counting[counting.count - most].advanced(by: HourCounts.window)
    }

    /// Whether somebody who waits goes before the rollout whose turn it is, which has not begun.
    package func isOvertaken(_ head: Waiting) -> Bool {
        // What was accepted after a rollback runs after it, and the rollback after what was accepted before it.
        guard self.head == head.id, !head.allowsRollback, let next = self.waiting.first, !next.allowsRollback else {
            return false
        }
        return next.goesBefore(head)
    }

    /// The rollout whose turn it is goes back among those that wait; `takeTurn` follows.
    package mutating func yield(_ head: Waiting) -> Entry {
        precondition(self.head == head.id, "a turn given back by somebody who does not have it")
        self.head = nil
        return self.wait(head)
    }

    /// The run that stands in the way of `order`: the newest one ever deployed, if that is newer.
    ///
    /// After a rollback the newest one stands in its own way, too: it was taken back on purpose.
    package func newer(than order: RunOrder) -> RunOrder? {
        if let newestDeployed, newestDeployed > order { return newestDeployed }
        guard let rolledBack = self.liveDeployment?.rolledBackFrom, rolledBack >= order else { return nil }
        return rolledBack
    }

    /// The rollout that was accepted after another one and has been deployed; `nil` for none.
    package func deployed(after acceptance: Acceptance) -> RolloutID? {
        guard let newest = self.liveDeployment?.newestAccepted, newest > acceptance else { return nil }
        return newest.id
    }

    /// The run that is live.
    package var live: ResolvedRun? { self.liveDeployment?.run }

    /// The workbench reports the deployment of `run` as up, which the rollout of that acceptance has made.
    package mutating func deployed(
        _ run: ResolvedRun,
        by acceptance: Acceptance,
        at place: DeploymentPlace? = nil,
        registeredModel: KnownRegisteredModel? = nil,
        standing: Standing = .unproven
    ) {
        var live = LiveDeployment(run: run, place: place, registeredModel: registeredModel)
        // Only a rollback comes this far with a run that is not the newest.
        live.rolledBackFrom = self.newestDeployed.flatMap { $0 > run.order ? $0 : nil }
        let holders = self.liveDeployment?.run == run ? self.liveDeployment?.holders ?? [] : []
        live.holders = standing.holders(after: holders)
        live.newestAccepted = max(self.liveDeployment?.newestAccepted ?? acceptance, acceptance)
        self.liveDeployment = live
        self.mayBeDeployed(run.order)
    }

    /// How the rollout stands whose deployment is up.
    package enum Standing: Sendable, Equatable {
        /// It is still to be verified.
        case unproven
        /// It has ended well.
        case good(LiveHolder)
        /// It has failed: what it has deployed is live, and nobody's success.
        case failed

        /// Of more than these topics and replays the oldest is asked again.
        static let mostHolders = 10

        fileprivate func holders(after known: [LiveHolder]) -> [LiveHolder] {
            switch self {
            case .unproven: known
            case .failed: []
            case .good(let holder):
                Array((known.filter { $0.rollout != holder.rollout } + [holder]).suffix(Self.mostHolders))
            }
        }
    }

    /// A deployment of the run was made, or may have been, and may come up by itself: what is older stays out.
    package mutating func mayBeDeployed(_ order: RunOrder) {
        self.newestDeployed = max(self.newestDeployed ?? order, order)
    }

    /// Takes over what the journal says of the model.
    package mutating func restore(_ state: LaneState) {
        self.newestDeployed = state.newestDeployed
        self.liveDeployment = state.live.map { run in
            var live = LiveDeployment(run: run, place: state.place, registeredModel: state.registeredModel)
            live.rolledBackFrom = state.rolledBackFrom
            live.newestAccepted = state.newestAccepted
            live.holders = state.liveHolders?.suffix(Standing.mostHolders) ?? []
            return live
        }
        self.beginnings = state.beginnings
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
    package var registeredModel: KnownRegisteredModel?
    /// The newest run ever deployed when the live one came by a rollback; `nil` where it did not.
    package var rolledBackFrom: RunOrder?
    /// The rollout that was accepted last of all that have been deployed.
    package var newestAccepted: Acceptance?
    /// Rollouts that have deployed the live run well, the newest last; `nil` for none.
    package var liveHolders: [LiveHolder]?

    /// When rollouts have begun within the hour before it was written; `nil` where no quota counts them.
    package var beginnings: [Timestamp]?

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

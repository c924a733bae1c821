// SPDX-License-Identifier: Apache-2.0

package import Rollouts
package import Values
package import WorkbenchAPI

/// Every decision of a worker in one value: which partitions are ours, what becomes of each event and rollout, what goes into
/// the next transaction, which requests are sent.
///
/// Pure: no clock, no I/O, no log, no randomness but its seed. It is told what has happened, as inputs, and answers with
/// what is to be done. It is a composition of four values with tests of their own, and decides only what concerns more than
/// one of them.
///
/// Invariants, checked by `checkInvariants`:
/// - slots of the budget in use are calls under way;
/// - a rollout is in exactly one of: ready, ready to send, parked, waiting, queued, calling, committing, ending;
/// - the head of a lane is a rollout that is known;
/// - a creating call under way had a committed intent of the lease that its partition is still held by, or is revoked from;
/// - one transaction is under way at a time.
package struct WorkerMachine: ~Copyable {
    /// What a machine depends on.
    package struct Settings: Sendable {
        /// Of the partitions.
        package var ownership: PartitionOwnership.Settings
        /// Of the transactions.
        package var planner: TransactionPlanner.Settings
        /// Of the rollouts.
        package var policy: Coordinator.Policy
        /// Decide on facts what is done for a rollout.
        package var routes: Routes
        /// Addresses and limits of the workbench's API.
        package var dialect: Dialect
        /// Unfinished rollouts at which intake pauses; each of several event topics has an equal share.
        package var maximumUnfinished: Int
        /// Entries waiting for a transaction at which intake pauses.
        package var maximumWaiting = 4_000
        /// Time between two looks at the lag.
        package var lagInterval = Span.seconds(5)
        /// After how long a partition is named that does not get on while there is lag.
        package var standingAfter = Span.seconds(60)

        /// Creates settings.
        package init(
            ownership: PartitionOwnership.Settings,
            planner: TransactionPlanner.Settings,
            policy: Coordinator.Policy,
            routes: Routes,
            dialect: Dialect,
            maximumUnfinished: Int = 20_000
        ) {
            self.ownership = ownership
            self.planner = planner
            self.policy = policy
            self.routes = routes
            self.dialect = dialect
            self.maximumUnfinished = maximumUnfinished
        }
    }

    let settings: Settings
    package internal(set) var ownership: PartitionOwnership
    package internal(set) var rollouts: Coordinator
    package internal(set) var planner: TransactionPlanner
    var calls: CallsUnderWay
    var commands: CommandsReading
    var health = HealthBoard()
    var firstCalls = FirstCalls()
    var phases = PhaseCounts()
    /// What was last told of them.
    var toldPhases: PhaseCounts?
    /// Event topics, by their index, of which was told that an event has claimed what it may not.
    var toldClaims: Set<Int> = []
    /// What was last told of journal records that can't be used.
    var toldUnusable = UnusableRecords()
    /// When the partitions that are being got ready were assigned, or begun again.
    var preparingSince: [ReadPartition: MonotonicTime] = [:]
    var lag: Lag
    var standing: StandingPartitions
    var hasBegun = false
    var isIntakePaused = false
    /// What was read and can't be accepted yet.
    var gate = IntakeGate()
    var shares: TopicShares
    /// What other workers have room for.
    var room = RoomBoard()
    var pace = PassingPace()
    /// What was last told of it.
    var toldHolds: Set<IntakeHold> = []
    /// The time by which a worker that was told to stop ends; `nil` while it works.
    var stopBy: MonotonicTime?
    var hasEnded = false
    /// What the turn under way comes to.
    var turn = Turn()

    /// Creates the machine of a worker that holds nothing yet.
    ///
    /// - Parameters:
    ///   - settings: What it depends on.
    ///   - seed: Seed of its jitter.
    package init(_ settings: Settings, seed: UInt64) {
        self.settings = settings
        self.ownership = PartitionOwnership(settings.ownership)
        self.rollouts = Coordinator(policy: settings.policy, plans: settings.routes, seed: seed)
        self.planner = TransactionPlanner(settings.planner)
        self.calls = CallsUnderWay(dialect: settings.dialect)
        self.commands = CommandsReading(backoff: settings.ownership.backoff, horizon: settings.policy.dedupeHorizon)
        self.lag = Lag(interval: settings.lagInterval)
        self.shares = TopicShares(
            topics: settings.ownership.eventTopics,
            maximumUnfinished: settings.maximumUnfinished
        )
        self.standing = StandingPartitions(patience: settings.standingAfter)
    }

    /// Takes all that has happened since the last turn, then decides once.
    ///
    /// - Parameters:
    ///   - inputs: What has happened, in order; may be empty.
    ///   - now: The moment.
    /// - Returns: What is to be done and told.
    package mutating func handle(_ inputs: consuming [Input], now: Now) -> Turn {
        guard !self.hasEnded else { return Turn() }
        self.turn = Turn()
        if !self.hasBegun {
            self.hasBegun = true
            // Asked before any rollout needs it, so that a wrong address, certificate or key is told at once.
            self.rollouts.begin(now: now)
        }
        for input in inputs { self.take(input, now: now) }
        self.timePassed(now: now)
        self.settle(now: now)
        return self.turn
    }

    private mutating func take(_ input: Input, now: Now) {
        switch input {
        case .group(let fact): self.take(fact, now: now)
        case .journal(let fact): self.take(fact, now: now)
        case .commands(let id, let result): self.take(id, result, now: now)
        case .workbench(let answers): for answer in answers { self.take(answer, now: now) }
        case .woke: break
        case .stop(let by): self.stop(by: by)
        }
    }

    private mutating func stop(by: MonotonicTime) {
        guard self.stopBy == nil else { return }
        self.stopBy = by
        self.rollouts.stop()
        self.group(.pause(self.ownership.held))
    }

    private mutating func timePassed(now: Now) {
        self.orders(self.ownership.timePassed(now: now))
        self.rollouts.advance(now: now)
        self.commands.timePassed(now: now.monotonic)
        self.forgetOldCommands(now: now)
        if let partitions = self.lag.due(self.ownership, now: now.monotonic) { self.group(.askEnds(partitions)) }
    }

    /// Does what follows from all that was taken: records, calls, the next transaction, revocations, flow, readiness.
    private mutating func settle(now: Now) {
        // What has begun goes before what is to begin.
        self.proceedWithCalls(now: now)
        self.acceptWhatWaited(now: now)
        self.performRollouts(now: now)
        self.letGo(now: now)
        if self.adjustFlow() {
            // Nothing may happen any more that would call for another look.
            self.acceptWhatWaited(now: now)
            self.performRollouts(now: now)
        }
        self.tellRoom(now: now)
        self.proceedWithCommands()
        if self.planner.takeRebuild(now: now.monotonic) { self.turn.actions.append(.journal(.rebuildProducer)) }
        if let transaction = self.planner.next(self.ownership, now: now.monotonic) {
            self.turn.actions.append(.journal(.commit(transaction)))
        }
        self.report(now: now)
        self.endIfDone(now: now)
        self.turn.wakeAt = self.nextWake(now: now)
        self.turn.underWay.wakeAt = self.turn.wakeAt
    }

    private mutating func report(now: Now) {
        self.turn.underWay.committingSince = self.planner.committingSince
        self.turn.underWay.oldestCall = self.calls.oldest.map { .init(name: $0.name, began: $0.began) }
        self.turn.underWay.pace = self.calls.pace
        if self.toldPhases != self.phases {
            self.toldPhases = self.phases
            self.turn.reports.append(.unfinished(self.phases))
        }
        let unusable = UnusableRecords(self.ownership.findings.map(\.findings))
        if self.toldUnusable != unusable {
            self.toldUnusable = unusable
            self.turn.reports.append(.unusable(unusable))
        }
        self.reportStandstills(now: now)
        self.reportHolds()
        let changes = self.health.changes(
            self.ownership,
            self.planner,
            isIntakePaused: self.isIntakePaused,
            isStopping: self.stopBy != nil
        )
        if !changes.isEmpty { self.turn.reports.append(.conditions(changes)) }
    }

    private mutating func endIfDone(now: Now) {
        guard let stopBy = self.stopBy else { return }
        let isDone = self.rollouts.workUnderWay == 0 && self.calls.count == 0 && self.planner.isIdle
        guard isDone || stopBy <= now.monotonic else { return }
        self.end(nil)
    }

    mutating func end(_ failure: WorkerFailure?) {
        guard !self.hasEnded else { return }
        self.hasEnded = true
        self.turn.actions.append(.end(failure))
    }

    private func nextWake(now moment: Now) -> MonotonicTime? {
        let now = moment.monotonic
        var next = self.ownership.nextWake
        next.comeForward(to: self.planner.nextWake)
        next.comeForward(to: self.rollouts.nextWake(now: now))
        next.comeForward(to: self.lag.nextLook)
        next.comeForward(to: self.ownership.firstRevocationEnds)
        if self.calls.isWaiting { next.comeForward(to: self.rollouts.nextContinuation(now: now)) }
        if let stopBy = self.stopBy {
            next.comeForward(to: stopBy)
        } else {
            next.comeForward(to: self.commands.nextWake)
            next.comeForward(to: self.nextRoomWake(now: moment))
        }
        return next
    }

    // MARK: Orders

    mutating func group(_ order: GroupOrder) { self.turn.actions.append(.group(order)) }

    mutating func orders(_ orders: [PartitionOwnership.Order]) {
        for order in orders {
            switch order {
            case .restore(let lease): self.turn.actions.append(.journal(.restore(lease)))
            case .locate(let lease, let time): self.group(.locate(lease, time: time))
            case .readTopicStarts: self.turn.actions.append(.journal(.readTopicStarts))
            }
        }
    }
}

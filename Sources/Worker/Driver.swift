// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Telemetry
import Threads
import Values

/// Owns the coordinator: tells it what happened and performs what it decides.
///
/// Performing means handing over: calls to the runner's stream, records to the journal, the next wake-up to the alarm.
/// Nothing here waits, so the actor is never busy for long.
actor Driver: Journal.Listener {
    /// A call for the runner.
    struct PlannedCall: Sendable {
        var id: Coordinator.CallID
        var call: APICall
        var partition: Partition?
        var epoch: UInt64?
        var notAfter: MonotonicTime?
    }

    private var coordinator: Coordinator
    private let journal: Journal
    private let holdings: Holdings
    private let health: WorkerHealth
    private let metrics: WorkerMetrics
    private let logger: Logger
    private let clock: WorkerClock
    private let alarm: Alarm
    private let progress: ProgressNotes
    private let pressure: Signal
    /// Timestamps of events whose rollouts have made no creating call yet.
    private var eventTimes: [RolloutID: Timestamp] = [:]
    /// Rollouts that have made no call yet.
    private var uncalled: Set<RolloutID> = []
    private var phases = PhaseCounts()
    private var idleWaiters: [Completion] = []
    /// The epoch in which each partition was restored: what memory says of it is of that epoch, whatever is held now.
    private var epochs: [Partition: UInt64] = [:]
    private let plannedCalls: AsyncStream<PlannedCall>.Continuation
    /// Ends when the driver is closed; at most as many wait as the budget has slots.
    nonisolated let calls: AsyncStream<PlannedCall>

    init(
        policy: Coordinator.Policy,
        journal: Journal,
        holdings: Holdings,
        health: WorkerHealth,
        metrics: WorkerMetrics,
        logger: Logger,
        clock: WorkerClock,
        alarm: Alarm,
        progress: ProgressNotes,
        pressure: Signal,
        seed: UInt64
    ) {
        self.coordinator = Coordinator(policy: policy, seed: seed)
        self.journal = journal
        self.holdings = holdings
        self.health = health
        self.metrics = metrics
        self.logger = logger
        self.clock = clock
        self.alarm = alarm
        self.progress = progress
        self.pressure = pressure
        (self.calls, self.plannedCalls) = AsyncStream.makeStream()
    }

    // MARK: Intake

    /// What intake has made of one record.
    enum Taken: Sendable {
        /// A rollout to accept, or one that ended at once.
        case rollout(RolloutState)
        /// Anything else that is written down.
        case other(JournalItem.Content)
    }

    /// Takes what intake decided about records of one partition, in order, and writes it down.
    ///
    /// - Parameters:
    ///   - taken: The decisions, each with the offset after its record.
    ///   - partition: The events' partition.
    ///   - epoch: The epoch in which they were read; those of another one are ignored.
    func take(_ taken: [(Taken, next: Offset)], partition: Partition, epoch: UInt64) {
        guard self.epochs[partition] == epoch, self.holdings.isHeld(partition, epoch: epoch) else { return }
        let now = self.clock.now()
        var items: [JournalItem] = []
        items.reserveCapacity(taken.count)
        var accepted: [RolloutState] = []
        var seen: Set<RolloutID> = []
        for (decision, next) in taken {
            let content: JournalItem.Content
            switch decision {
            case .other(let other): content = other
            case .rollout(let state):
                if self.coordinator.isKnown(state.id, partition: partition) || !seen.insert(state.id).inserted {
                    content = .repeated
                } else {
                    accepted.append(state)
                    content = .accepted(state)
                }
            }
            items.append(JournalItem(partition: partition, epoch: epoch, content: content, next: next))
        }
        // Into the journal first: whatever these rollouts write later stands behind.
        self.journal.append(items)
        for state in accepted {
            if !state.phase.isTerminal {
                self.eventTimes[state.id] = state.event.time ?? state.acceptedAt
                self.uncalled.insert(state.id)
            }
            self.note(state)
            self.coordinator.accept(state, now: now)
        }
        self.perform()
    }

    /// Rollouts that have not ended.
    var unfinishedCount: Int { self.coordinator.unfinishedCount }

    // MARK: What happened

    func recorded(_ tickets: [Coordinator.Ticket], began: MonotonicTime) {
        let now = self.clock.now()
        for ticket in tickets { self.coordinator.recorded(ticket, began: began, now: now) }
        self.perform()
        self.pressure.send()
    }

    func refused(_ ticket: Coordinator.Ticket, _ cause: Cause) {
        self.coordinator.recordRefused(ticket, cause, now: self.clock.now())
        self.perform()
    }

    func abandoned(_ id: RolloutID) {
        self.coordinator.abandon(id, now: self.clock.now())
        self.countPhases()
        self.perform()
    }

    /// A call has ended.
    func finished(_ call: PlannedCall, _ result: Result<CallResult, CallFailure>) {
        let now = self.clock.now()
        switch result {
        case .success(let result): self.coordinator.callSucceeded(call.id, result, now: now)
        case .failure(let failure): self.coordinator.callFailed(call.id, failure, now: now)
        }
        self.perform()
    }

    /// The alarm rang.
    func timePassed() {
        self.coordinator.advance(now: self.clock.now())
        self.perform()
    }

    // MARK: Partitions

    /// Goes on with what a partition's journal says, unless the partition has moved on meanwhile.
    func restore(_ partition: Partition, epoch: UInt64, _ restored: Coordinator.Restored) {
        guard self.holdings.isStaying(partition, epoch: epoch) else { return }
        self.epochs[partition] = epoch
        self.coordinator.restore(partition: partition, restored, now: self.clock.now())
        self.countPhases()
        self.perform()
    }

    /// Drops the work of partitions.
    ///
    /// - Parameters:
    ///   - partitions: The partitions.
    ///   - epoch: What was restored in this epoch or a later one stays.
    func release(_ partitions: [Partition], before epoch: UInt64 = .max) {
        for partition in partitions {
            guard let restored = self.epochs[partition], restored < epoch else { continue }
            self.epochs[partition] = nil
            self.coordinator.release(partition: partition)
        }
        // What was noted of their rollouts means nothing any more; a few entries of others are only not measured.
        self.eventTimes = [:]
        self.uncalled = []
        self.countPhases()
        self.perform()
        self.pressure.send()
    }

    /// Starts nothing new for partitions that are being handed over.
    func leave(_ partitions: [Partition]) {
        self.coordinator.leave(partitions)
        self.perform()
    }

    // MARK: Starting and stopping

    /// Asks whether the workbench is there.
    func begin() {
        self.coordinator.begin(now: self.clock.now())
        self.perform()
    }

    /// Starts nothing new from now on.
    func stop() {
        self.coordinator.stop()
        self.perform()
    }

    /// Completes `completion` when no call and no record is under way.
    func tellWhenIdle(_ completion: Completion) {
        self.idleWaiters.append(completion)
        self.perform()
    }

    /// Ends the stream of calls.
    func close() { self.plannedCalls.finish() }

    // MARK: Performing

    private func perform() {
        var items: [JournalItem] = []
        for action in self.coordinator.takeActions() {
            switch action {
            case .call(let id, let call, let partition, let notAfter):
                self.noteFirstCall(id, isCreating: call.isCreating)
                let epoch = partition.flatMap { self.epochs[$0] }
                self.plannedCalls.yield(
                    PlannedCall(id: id, call: call, partition: partition, epoch: epoch, notAfter: notAfter)
                )
            case .record(let record):
                if record.publishes { self.note(record.rollout) }
                if record.reportsOrphans { self.noteOrphans(of: record.rollout) }
                guard let epoch = self.writableEpoch(of: record.partition) else { continue }
                items.append(JournalItem(partition: record.partition, epoch: epoch, content: .step(record), next: nil))
            case .forget(let forgetting):
                guard let epoch = self.writableEpoch(of: forgetting.partition) else { continue }
                items.append(
                    JournalItem(
                        partition: forgetting.partition,
                        epoch: epoch,
                        content: .forgotten(forgetting),
                        next: nil
                    )
                )
            case .outage(let component, let cause): self.noteOutage(component, cause)
            case .sweepGivenUp(let state, let call, let cause): self.noteGivenUp(call, of: state, cause)
            }
        }
        self.journal.append(items)
        let wake = self.coordinator.nextWake(now: self.clock.monotonic)
        self.alarm.set(wake)
        self.progress.nextWake(wake)
        self.metrics.inFlight(self.coordinator.unfinishedCount)
        guard !self.idleWaiters.isEmpty, self.coordinator.workUnderWay == 0 else { return }
        for waiter in self.idleWaiters { waiter.complete() }
        self.idleWaiters = []
    }

    /// The epoch of what memory says of a partition, unless it may not be written any more.
    private func writableEpoch(of partition: Partition) -> UInt64? {
        self.epochs[partition].flatMap { self.holdings.isHeld(partition, epoch: $0) ? $0 : nil }
    }

    private func noteFirstCall(_ call: Coordinator.CallID, isCreating: Bool) {
        guard let id = self.coordinator.rolloutID(of: call), let time = self.eventTimes[id] else { return }
        let milliseconds = Timestamp.now().milliseconds(since: time)
        if self.uncalled.remove(id) != nil { self.metrics.firstCall(isCreating: false, milliseconds: milliseconds) }
        guard isCreating else { return }
        self.eventTimes[id] = nil
        self.metrics.firstCall(isCreating: true, milliseconds: milliseconds)
    }

    private func noteOutage(_ component: Component, _ cause: Cause?) {
        self.health.outage(component, cause)
        guard let cause else {
            self.logger.notice("workbench back", ["component": .string(component.rawValue)])
            return
        }
        self.logger.warning(
            "workbench down, work waits",
            [
                "component": .string(component.rawValue), "class": .string(cause.class.rawValue),
                "cause": .string(cause.message),
            ]
        )
    }

    private func noteGivenUp(_ call: SweepCall, of state: RolloutState, _ cause: Cause) {
        self.metrics.sweepGivenUp()
        self.logger.warning(
            "a sweep gave up: look for what this rollout may have left behind",
            [
                "rolloutID": .describing(state.id), "partition": .integer(state.partition.rawValue),
                "model": .string(state.plan.modelName), "call": .string(call.name),
                "class": .string(cause.class.rawValue), "cause": .string(cause.message),
                "nextStep": .string(cause.class.nextStep),
            ]
        )
    }

    private func noteOrphans(of state: RolloutState) {
        for orphan in state.aftermath?.orphans ?? [] {
            self.metrics.orphan(orphan)
            self.logger.warning(
                "orphan found: a creating call of unknown outcome had an effect after all",
                [
                    "rolloutID": .describing(state.id), "partition": .integer(state.partition.rawValue),
                    "model": .string(state.plan.modelName), "kind": .string(orphan.kind.rawValue),
                    "id": .string(orphan.id), "outcome": .string(orphan.outcome.rawValue),
                ]
            )
        }
    }

    private func note(_ state: RolloutState) {
        if state.phase.isTerminal {
            self.eventTimes[state.id] = nil
            self.uncalled.remove(state.id)
        }
        let logger = self.logger.with([
            "rolloutID": .describing(state.id), "partition": .integer(state.partition.rawValue),
            "model": .string(state.plan.modelName), "run": .string(state.run?.runID ?? state.plan.run.runID ?? ""),
        ])
        switch state.phase {
        case .failed:
            logger.warning(
                "rollout failed",
                [
                    "class": .string(state.cause?.class.rawValue ?? ""), "cause": .string(state.cause?.message ?? ""),
                    "nextStep": .string(state.cause?.class.nextStep ?? ""),
                ]
            )
        case .deployed: logger.info("rollout deployed", ["deployment": .string(state.made.deploymentID ?? "")])
        case .skipped, .superseded:
            logger.info(
                "rollout ended",
                ["phase": .string(state.phase.rawValue), "class": .string(state.cause?.class.rawValue ?? "")]
            )
        case .accepted, .queued, .registering, .building, .deploying, .verifying, .waiting:
            logger.debug("rollout moved", ["phase": .string(state.phase.rawValue)])
        }
        self.metrics.phase(state)
        self.phases.note(state)
        self.metrics.inFlight(self.phases)
    }

    /// Counts all rollouts anew, after partitions came or went.
    private func countPhases() {
        self.phases = PhaseCounts(self.coordinator.phaseCounts)
        self.metrics.inFlight(self.phases)
    }
}

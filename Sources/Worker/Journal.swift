// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Synchronization
import Telemetry
import Threads
import Values

/// Writes the journal: everything that is decided while one transaction is under way goes into the next one.
final class Journal: Sendable {
    /// What the journal tells the one who drives the rollouts.
    protocol Listener: Sendable {
        /// Records are committed.
        func recorded(_ tickets: [Coordinator.Ticket], began: MonotonicTime) async
        /// A record is too large for its topic, for good.
        func refused(_ ticket: Coordinator.Ticket, _ cause: Cause) async
        /// An accepted event's own record is too large: its rollout has ended.
        func abandoned(_ id: RolloutID) async
    }

    /// How the journal works.
    struct Settings: Sendable {
        var topics: JournalBatch.Topics
        var process: String
        var status: JournalBatch.StatusContext
        /// The most items in one transaction.
        var batchItems = 1_000
        /// The largest record, key, value and headers together, that journal and status take.
        var maximumRecordBytes: Int
        /// The largest that the events topic takes.
        var maximumEventBytes: Int
        /// How long to wait before a transaction that failed is tried again.
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(5))
        /// Told at step boundaries.
        var checkpoints: @Sendable (Checkpoint) -> Void
        /// Whether transactions without new events carry an offset; `false` only where a test takes that away.
        var isFenced: Bool
    }

    /// What waits, and who waits for it.
    struct Pending {
        var items: [JournalItem] = []
        /// Items have been taken and are not yet written.
        var isWriting = false
        /// A transaction is under way.
        var isCommitting = false
        var obstacles = JournalObstacles()
        var quietWaiters: [Completion] = []
        var idleWaiters: [Completion] = []
    }

    let settings: Settings
    private let holdings: Holdings
    let health: WorkerHealth
    private let metrics: WorkerMetrics
    let logger: Logger
    private let clock: WorkerClock
    private let progress: ProgressNotes
    let pending = Mutex(Pending())
    private let work = Signal()

    init(
        settings: Settings,
        holdings: Holdings,
        health: WorkerHealth,
        metrics: WorkerMetrics,
        logger: Logger,
        clock: WorkerClock,
        progress: ProgressNotes
    ) {
        self.settings = settings
        self.holdings = holdings
        self.health = health
        self.metrics = metrics
        self.logger = logger
        self.clock = clock
        self.progress = progress
    }

    // MARK: For those who write

    /// Adds items behind all others.
    ///
    /// Not bounded here: intake pauses when `pendingCount` is high, and a rollout has one record under way.
    func append(_ items: [JournalItem]) {
        guard !items.isEmpty else { return }
        self.pending.withLock { $0.items.append(contentsOf: items) }
        self.work.send()
    }

    /// Items that wait for a transaction.
    var pendingCount: Int { self.pending.withLock { $0.items.count } }

    /// Drops what waits and may not be written any more.
    func dropUnheld() {
        self.pending.withLock { pending in
            pending.items.removeAll { !self.holdings.isHeld($0.partition, epoch: $0.epoch) }
        }
    }

    /// Forgets what could not be written to partitions that others have now.
    func forgetObstacles() { self.pending.withLock { $0.obstacles.forget() } }

    /// Completes `completion` when no transaction is under way, so that what it carries is written or not.
    ///
    /// Items that are held back because the group is rebalancing are not under way.
    func tellWhenQuiet(_ completion: Completion) {
        let isQuiet = self.pending.withLock { pending in
            if pending.isCommitting { pending.quietWaiters.append(completion) }
            return !pending.isCommitting
        }
        if isQuiet { completion.complete() }
    }

    /// Completes `completion` when everything that was added is written or dropped.
    func tellWhenIdle(_ completion: Completion) {
        let isIdle = self.pending.withLock { pending in
            let isIdle = pending.items.isEmpty && !pending.isWriting
            if !isIdle { pending.idleWaiters.append(completion) }
            return isIdle
        }
        if isIdle { completion.complete() }
    }

    /// Ends `run` after what waits is written.
    func close() {
        self.work.send()
        self.work.finish()
    }

    // MARK: Writing

    /// Whom the journal works with while it runs.
    struct User: Sendable {
        /// Gives the producer in use; it changes when one had to be replaced.
        var producer: @Sendable () async -> TransactionalProducer
        /// Told what is committed.
        var listener: any Listener
        /// Called when the producer is unusable or a commit's outcome unknown: memory may be ahead of or behind the
        /// journal, so everything is read again (rule 7).
        var rebuild: @Sendable (KafkaError) async throws -> Void
    }

    /// Writes until the journal is closed or the task is cancelled.
    ///
    /// - Parameter user: Whom it works with.
    /// - Throws: `WorkerFailure` when the worker can't go on.
    func run(for user: User) async throws {
        for await _ in self.work.signals {
            while !Task.isCancelled, let items = self.take() {
                var course = Course()
                try await self.write(items, for: user, &course)
                self.finishWriting()
            }
        }
    }

    private func take() -> [JournalItem]? {
        self.pending.withLock { pending in
            guard !pending.items.isEmpty else { return nil }
            let items = Array(pending.items.prefix(self.settings.batchItems))
            pending.items.removeFirst(items.count)
            pending.isWriting = true
            return items
        }
    }

    private func finishWriting() {
        let waiters = self.pending.withLock { pending -> [Completion] in
            pending.isWriting = false
            guard pending.items.isEmpty else { return [] }
            defer { pending.idleWaiters = [] }
            return pending.idleWaiters
        }
        for waiter in waiters { waiter.complete() }
    }

    private func commit(_ batch: TransactionBatch, with producer: TransactionalProducer) async -> TransactionOutcome {
        self.pending.withLock { $0.isCommitting = true }
        self.progress.committing(since: self.clock.monotonic)
        defer { self.progress.committing(since: nil) }
        let outcome = await producer.transact(batch)
        let waiters = self.pending.withLock { pending in
            pending.isCommitting = false
            defer { pending.quietWaiters = [] }
            return pending.quietWaiters
        }
        for waiter in waiters { waiter.complete() }
        return outcome
    }

    /// What has happened to a batch so far.
    struct Course {
        /// Attempts that failed.
        var failures = 0
        /// Rollouts that ended because their first record didn't fit: nothing of theirs may be written behind it.
        var abandoned: Set<RolloutID> = []
    }

    /// Writes items, in one transaction and in as many attempts as it takes.
    private func write(_ items: [JournalItem], for user: User, _ course: inout Course) async throws {
        var items = items
        while !Task.isCancelled {
            // Before what it proves: a partition that goes between the two is then refused with an older generation.
            let current = self.holdings.membership
            // Rule 3: what belongs to partitions that have gone is dropped here, records and offsets alike.
            items.removeAll { !self.holdings.isHeld($0.partition, epoch: $0.epoch) }
            guard !items.isEmpty else { return }
            guard let membership = current else {
                await self.waitForMembership(after: nil)
                continue
            }
            let batch = try self.batch(items, membership)
            let oversized = self.oversizedItems(of: batch)
            guard oversized.isEmpty else {
                items = try await self.shorten(oversized, in: items, &course, listener: user.listener)
                continue
            }
            items.reach(.beforeIntent, .beforeJournal, self.settings.checkpoints)
            guard !Task.isCancelled else { return }
            switch try await self.attempt(batch, membership, for: user, failures: &course.failures) {
            case .isOver: return
            case .again: continue
            case .refused where items.count > 1:
                // The broker refuses a whole request for one record, so its neighbours are named, too: one by one.
                for item in items where !item.isStep(of: course.abandoned) {
                    var own = Course()
                    try await self.write([item], for: user, &own)
                    course.abandoned.formUnion(own.abandoned)
                }
                return
            case .refused:
                items = try await self.shorten([0], in: items, &course, listener: user.listener)
            }
        }
    }

    /// What an attempt to write a batch came to.
    private enum Attempt {
        /// It is written, or is no longer to be written.
        case isOver
        /// To be tried again, with what is still ours.
        case again
        /// Records of it are refused for what they are.
        case refused
    }

    /// Writes a batch in one transaction; waits here where it is to be tried again later.
    private func attempt(
        _ batch: JournalBatch,
        _ membership: GroupMembership,
        for user: User,
        failures: inout Int
    ) async throws -> Attempt {
        let began = self.clock.monotonic
        let transaction = batch.transaction(membership, isFenced: self.settings.isFenced)
        let outcome = await self.commit(transaction, with: await user.producer())
        self.metrics.transaction(outcome, records: batch.records.count, seconds: self.clock.monotonic - began)
        switch outcome {
        case .committed:
            batch.items.reach(.afterIntent, .afterJournal, self.settings.checkpoints)
            if !Task.isCancelled { await self.committed(batch, began: began, listener: user.listener) }
            return .isOver
        case .aborted(let error, let failed) where batch.items.areToBlame(for: failed):
            self.logger.warning("records refused", ["count": .integer(failed.count), "error": .error(error)])
            return .refused
        case .aborted(let error, _) where error.isMembershipLost:
            self.metrics.fenced()
            self.health.membershipMissing()
            self.logger.notice("transaction refused: the group has moved on", ["error": .error(error)])
            await self.waitForMembership(after: membership)
            return .again
        case .aborted(let error, _):
            failures += 1
            self.failed(batch, error)
            self.logger.warning(
                "transaction aborted, trying again",
                ["error": .error(error), "failures": .integer(failures)]
            )
            try await self.pause(afterFailures: failures)
            return .again
        case .unknown(let error), .fatal(let error):
            self.failed(batch, error)
            self.logger.error("the producer is lost, starting over from the journal", ["error": .error(error)])
            // Once is no reason to wait; what ends every producer must not be tried without a pause.
            let lost = self.pending.withLock { $0.obstacles.producerLost() }
            if lost > 0 { try await self.pause(afterFailures: lost) }
            try await user.rebuild(error)
            return .isOver
        }
    }

    private func failed(_ batch: JournalBatch, _ error: KafkaError) {
        self.health.journalFailed(error)
        if error.isAuthorization { self.pending.withLock { $0.obstacles.denied(batch.records.map(\.topic)) } }
    }

    private func batch(_ items: [JournalItem], _ membership: GroupMembership) throws(WorkerFailure) -> JournalBatch {
        do {
            return try JournalBatch(
                items: items,
                topics: self.settings.topics,
                writer: JournalRecord.Writer(process: self.settings.process, generation: membership.generation),
                status: self.settings.status,
                position: { self.settings.isFenced ? self.holdings.position(of: $0) : nil }
            )
        } catch {
            throw WorkerFailure(.journalUnwritable, "a journal record can't be written down: \(error)")
        }
    }

    private func committed(_ batch: JournalBatch, began: MonotonicTime, listener: any Listener) async {
        let isFree = self.pending.withLock { $0.obstacles.committed(batch.records.map(\.topic)) }
        if isFree { self.health.journalSucceeded() }
        for (partition, offset) in batch.offsets {
            self.holdings.advance(partition.partition, to: offset)
        }
        var tickets: [Coordinator.Ticket] = []
        for item in batch.items {
            switch item.content {
            case .step(let record): tickets.append(record.ticket)
            case .forgotten(let forgetting): tickets.append(forgetting.ticket)
            case .begun, .accepted, .dead, .forwarded, .repeated: break
            }
        }
        self.metrics.committed(batch.items)
        for notice in DeadLetterNotice.notices(of: batch.items) { notice.write(to: self.logger) }
        await listener.recorded(tickets, began: began)
    }

    /// Waits until the group's rebalance has told what is still ours; the batch is held meanwhile (rule 3).
    private func waitForMembership(after stale: GroupMembership?) async {
        let holdings = self.holdings
        self.health.membershipMissing()
        while !Task.isCancelled {
            let isThere = await holdings.wait(timeout: .seconds(5)) {
                guard let current = holdings.membership else { return holdings.partitions.isEmpty }
                return current != stale
            }
            if isThere { break }
            self.logger.notice("waiting for the consumer group to rebalance")
        }
        self.health.membershipBack()
    }

    /// Waits before the next attempt, the longer the more have failed.
    func pause(afterFailures failures: Int) async throws {
        try await Task.sleep(for: self.settings.backoff.delay(afterFailures: failures).duration)
    }
}

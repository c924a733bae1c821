// SPDX-License-Identifier: Apache-2.0

import Kafka
import Machine
import Synchronization
import Telemetry
import TestSupport
import Testing
import Values

@testable import Rollouts
@testable import Worker

/// The writing half of a worker on a genuine Kafka: its ownership, planner and journal work, but of its group it hears only
/// when the test says so, and the test decides what is written.
final class WritingHalf {
    let bed: WorkerFixture
    /// The transactional id.
    let process: String
    private(set) var ownership: PartitionOwnership
    private(set) var planner: TransactionPlanner
    /// What transactions have come to, in order.
    private(set) var events: [TransactionPlanner.Event] = []
    private let consumer: Consumer
    private let group: KafkaGroup
    private let journal: KafkaJournal
    private let inbox = LoopInbox()
    private let clock = WorkerClock()
    private var waiting: [Input] = []

    /// Runs `body` with the writing half of a worker, which has joined the group.
    static func with(
        partitionCount: Int = 3,
        groupInstanceID: String? = nil,
        _ body: (WritingHalf) async throws -> Void
    ) async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: partitionCount) { bed in
            var settings = bed.settings(.catchAll)
            settings.groupInstanceID = groupInstanceID
            let half = try WritingHalf(bed, settings)
            try await half.consumer.subscribe([bed.topics.inbox])
            let producer = try #require(await half.journal.rebuild())
            let journal = half.journal
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await journal.run(producer) }
                let result: Result<Void, any Error>
                do { result = .success(try await body(half)) } catch { result = .failure(error) }
                journal.close()
                try result.get()
            }
            await half.consumer.close()
        }
    }

    private init(_ bed: WorkerFixture, _ settings: WorkerSettings) throws {
        self.bed = bed
        self.process = KafkaFixture.uniqueName("half")
        let (clock, inbox) = (self.clock, self.inbox)
        let checked = TopicCheck.Result(
            partitionCount: bed.partitionCount,
            maximumRecordBytes: 1_000_000,
            maximumDeadBytes: 1_000_000
        )
        let machine = settings.machine(try bed.access(settings).dialect, checked)
        self.ownership = PartitionOwnership(machine.ownership)
        self.planner = TransactionPlanner(machine.planner)
        self.consumer = try Consumer(properties: bed.kafka, settings: settings.consumerSettings)
        self.group = KafkaGroup(
            consumer: self.consumer,
            endReader: try PartitionReader(properties: bed.kafka, isolation: .uncommitted),
            topics: bed.topics,
            intake: Intake(settings.intake(inboxPartitions: bed.partitionCount)),
            clock: clock,
            inbox: inbox
        )
        let (kafka, process) = (bed.kafka, self.process)
        self.journal = KafkaJournal(
            settings: KafkaJournal.Settings(
                topics: bed.topics,
                groupID: settings.groupID,
                encoder: settings.encoder(process: process, checked),
                makeProducer: { (lost) throws(KafkaError) in
                    try TransactionalProducer(
                        properties: kafka,
                        settings: TransactionSettings(transactionalID: process),
                        connectionLost: lost
                    )
                },
                makeReader: { () throws(KafkaError) in try PartitionReader(properties: kafka) },
                backoff: Backoff(base: .milliseconds(100), cap: .seconds(1))
            ),
            group: self.group,
            clock: clock,
            inbox: inbox,
            logger: TestLog().logger
        )
    }

    // MARK: The group

    /// Another member of the group, which nobody tells the worker about.
    func otherMember(groupInstanceID: String? = nil) async throws -> Consumer {
        var settings = ConsumerSettings(groupID: self.bed.groupID)
        settings.sessionTimeout = .seconds(20)
        settings.groupInstanceID = groupInstanceID
        let consumer = try Consumer(properties: self.bed.kafka, settings: settings)
        try await consumer.subscribe([self.bed.topics.inbox])
        return consumer
    }

    /// Takes the next thing that its consumer has for it, and does not hear it.
    func next() async -> ConsumerEvent? { await self.consumer.next() }

    /// Leaves the group without hearing of it.
    func leave() async { await self.consumer.close() }

    /// Hears of its group until it was told what the test waits for.
    func hear(until isLast: (ConsumerEvent) -> Bool) async throws {
        while let event = await self.consumer.next() {
            self.hear(event)
            if isLast(event) { return }
        }
        throw CancellationError()
    }

    /// Hears something of its group, from its own consumer or from another one's.
    func hear(_ event: ConsumerEvent) {
        let now = self.clock.now()
        switch event {
        case .assigned(let partitions, let membership):
            self.ownership.joined(membership)
            self.take(self.ownership.assigned(partitions.compactMap(self.bed.topics.readPartition), now: now.monotonic))
        case .membershipChanged(let membership): self.ownership.joined(membership)
        case .revoked(let partitions, let number):
            let partitions = partitions.compactMap(self.bed.topics.readPartition)
            self.ownership.revoking(partitions, RevocationID(number: number), now: now.monotonic)
        case .lost(let partitions):
            _ = self.ownership.lost(partitions.compactMap(self.bed.topics.readPartition))
            self.planner.partitionsChanged(self.ownership)
        case .records, .offsetOutOfRange, .error: break
        }
    }

    /// Lets the group have what it wants back.
    func letGo(_ revocation: UInt64) {
        _ = self.ownership.letGo(RevocationID(number: revocation))
        self.planner.partitionsChanged(self.ownership)
        self.consumer.letGo(revocation)
    }

    /// Hears of its first assignment, and holds all partitions as if they had been restored.
    func takeAll() async throws {
        while self.ownership.partitions.count < self.bed.partitionCount {
            try await self.hear { if case .assigned = $0 { true } else { false } }
        }
    }

    /// Answers orders to restore as an empty journal would.
    func take(_ orders: [PartitionOwnership.Order]) {
        for case .restore(let lease) in orders {
            let world = StartRecord(
                partitionCount: self.bed.partitionCount,
                group: self.bed.groupID,
                workbench: self.bed.workbench,
                topics: [self.bed.events: .beginning]
            )
            let facts = RestoreFacts(
                restored: Coordinator.Restored(),
                start: world,
                recordCount: 1,
                location: .committed(Offset(rawValue: 0))
            )
            _ = self.ownership.restored(lease, .success(facts), now: self.clock.now())
        }
    }

    /// Begins from the journal again, as after a lost producer.
    func startOver() { self.take(self.ownership.startOver()) }

    /// The partitions that are held, in order.
    var held: [Partition] { self.ownership.held.map(\.partition) }

    // MARK: The journal

    /// Decides a step of a rollout of that number, to be written for a partition that is held.
    ///
    /// - Parameters:
    ///   - number: The rollout's number.
    ///   - partition: The partition.
    ///   - next: The offset that it takes from the partition; `nil` for none of its own.
    /// - Throws: An expectation's failure where the partition is not held.
    func decide(_ number: UInt64, _ partition: Partition, next: Offset? = nil) throws {
        let state = RolloutState(
            id: RolloutID(high: 1, low: number),
            partition: partition,
            origin: Origin(topic: self.bed.events, partition: partition, offset: 0),
            event: EventReference(id: "\(number)", source: "/test", time: nil),
            plan: RolloutPlan(
                route: "all",
                run: RunReference(projectID: "p", experimentID: "e", runID: "r\(number)"),
                modelName: "m",
                artifactPath: "",
                runtime: .identifier("runtime")
            ),
            acceptedAt: .epoch
        )
        let record = Coordinator.Record(
            ticket: number,
            partition: partition,
            rollout: state,
            publishes: false,
            lane: nil
        )
        let lease = try #require(self.ownership.writer(of: partition))
        let taken = next.map { TransactionEntry.Taken(lease, next: $0) }
        self.planner.append(TransactionEntry(.step(record), writer: lease, taken: taken))
    }

    /// Begins the next transaction, if the planner has one.
    func begin() {
        if self.planner.takeRebuild(now: self.clock.monotonic) { self.journal.perform(.rebuildProducer) }
        guard let next = self.planner.next(self.ownership, now: self.clock.monotonic) else { return }
        self.journal.perform(.commit(next))
    }

    /// Commits what can be committed; returns when nothing is under way.
    func write() async {
        self.begin()
        while !Task.isCancelled {
            switch self.planner.state {
            case .committing, .rebuilding: await self.hearOfTheJournal()
            case .waitingToRetry, .producerLost: await Task.yield()
            case .idle where self.planner.isIdle: return
            case .idle: break
            case .waitingForMembership(let stale, _):
                guard let membership = self.ownership.membership, membership != stale else { return }
            }
            self.begin()
        }
    }

    private func hearOfTheJournal() async {
        while self.waiting.isEmpty {
            self.waiting = self.inbox.take()
            if self.waiting.isEmpty { for await _ in self.inbox.signals { break } }
            guard !Task.isCancelled else { return }
        }
        for input in self.waiting {
            switch input {
            case .journal(.commitEnded(let id, let outcome)):
                self.events += self.planner.ended(id, outcome, self.ownership, now: self.clock.now())
            case .journal(.producerReady): self.planner.producerReady()
            case .journal, .group, .workbench, .commands, .woke, .stop: break
            }
        }
        self.waiting = []
    }

    /// How often brokers refused a transaction because the group has moved on.
    var fencedCount: Int { self.events.count { if case .fenced = $0 { true } else { false } } }

    /// How often the producer was lost.
    var lostCount: Int { self.events.count { if case .startOver = $0 { true } else { false } } }

    /// The numbers of the rollouts whose steps are committed in a journal partition, in order.
    func journalled(_ partition: Partition) async throws -> [UInt64] {
        let place = TopicPartition(self.bed.topics.journal, partition)
        let reader = try PartitionReader(properties: self.bed.kafka)
        let end = try await reader.endOffset(place)
        let numbers = Numbers()
        _ = try await reader.scan(place, from: Offset(rawValue: 0), until: end) { record in
            let key = record.withKey {
                String(decoding: $0 ?? UnsafeRawBufferPointer(start: nil, count: 0), as: UTF8.self)
            }
            // What ends the transaction before, at a new producer's start, is no decision.
            guard key != String(decoding: Barrier.key, as: UTF8.self) else { return }
            numbers.add(RolloutID(key)?.low ?? 0)
        }
        await reader.close()
        return numbers.all
    }
}

/// What a scan found, in order.
private final class Numbers: Sendable {
    private let numbers = Mutex<[UInt64]>([])

    var all: [UInt64] { self.numbers.withLock { $0 } }

    func add(_ number: UInt64) { self.numbers.withLock { $0.append(number) } }
}

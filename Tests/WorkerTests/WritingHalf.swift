// SPDX-License-Identifier: Apache-2.0

import Kafka
import Synchronization
import Telemetry
import TestSupport
import Testing
import Threads
import Values

@testable import Rollouts
@testable import Worker

/// The writing half of a worker on a genuine Kafka: its journal writes, but of its group it hears only when the test
/// says so, and the test decides what is written.
struct WritingHalf: Sendable {
    let bed: WorkerFixture
    let worker: Worker
    let parts: Worker.Parts
    let events: GroupEvents
    let log = TestLog()
    let registry: MetricsRegistry
    /// What a hand-over would be asked to restore.
    let requests: AsyncStream<HandOver.Request>

    var holdings: Holdings { self.worker.holdings }

    /// Runs `body` with the writing half of a worker, which has joined the group.
    static func with(
        partitionCount: Int = 3,
        groupInstanceID: String? = nil,
        _ body: @escaping @Sendable (WritingHalf) async throws -> Void
    ) async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: partitionCount) { bed in
            var settings = bed.settings(.catchAll)
            settings.groupInstanceID = groupInstanceID
            let half = try WritingHalf(bed, settings)
            try await half.parts.slot.initialise()
            try await half.parts.consumer.subscribe([bed.topics.events])
            try await withThrowingTaskGroup(of: Void.self) { group in
                let (parts, events) = (half.parts, half.events)
                group.addTask {
                    try await parts.journal.run(
                        for: Journal.User(
                            producer: { await parts.slot.current },
                            listener: parts.driver,
                            rebuild: { try await events.startOver($0) }
                        )
                    )
                }
                group.addTask { try await body(half) }
                // The journal ends before the body only with an error; a batch that it holds it would hold for ever.
                defer { group.cancelAll() }
                try await group.next()
            }
            await half.worker.close(half.parts)
        }
    }

    private init(_ bed: WorkerFixture, _ settings: WorkerSettings) throws {
        self.bed = bed
        self.registry = MetricsRegistry()
        self.worker = Worker(
            settings: settings,
            runner: CallRunner(client: bed.client, credentials: bed.credentials),
            logger: self.log.logger,
            metrics: WorkerMetrics(self.registry)
        )
        self.parts = try self.worker.makeParts(
            TopicCheck.Result(
                partitionCount: bed.partitionCount,
                maximumRecordBytes: 1_000_000,
                maximumDeadBytes: 1_000_000
            ),
            .silent
        )
        let (requests, handOvers) = AsyncStream.makeStream(of: HandOver.Request.self)
        self.requests = requests
        self.events = self.worker.makeGroupEvents(self.parts, handOvers)
    }

    // MARK: The group

    /// Another member of the group, which nobody tells the worker about.
    func otherMember(groupInstanceID: String? = nil) async throws -> Consumer {
        var settings = ConsumerSettings(groupID: self.bed.groupID)
        settings.sessionTimeout = self.worker.settings.sessionTimeout
        settings.groupInstanceID = groupInstanceID
        let consumer = try Consumer(properties: self.bed.kafka, settings: settings)
        try await consumer.subscribe([self.bed.topics.events])
        return consumer
    }

    /// Lets the worker hear of its group until it was told what the test waits for.
    func hear(until isLast: (ConsumerEvent) -> Bool) async throws {
        while let event = await self.parts.consumer.next() {
            if case .records = event { continue }
            try await self.events.handle(event)
            if isLast(event) { return }
        }
        throw CancellationError()
    }

    /// Lets the worker hear of its first assignment, and holds all partitions as if they had been restored.
    func takeAll() async throws {
        while self.holdings.partitions.count < self.bed.partitionCount {
            try await self.hear { if case .assigned = $0 { true } else { false } }
        }
        self.hold()
    }

    /// Ends the restoring of all partitions that are to be restored.
    func hold() {
        for partition in self.holdings.restoring {
            guard let epoch = self.holdings.restoringEpoch(of: partition) else { continue }
            #expect(self.holdings.beginHolding(partition, epoch: epoch, position: Offset(rawValue: 0), seek: 0))
        }
    }

    // MARK: The journal

    /// A step of a rollout of that number, as decided now: it brings no offset of its own.
    func step(_ number: UInt64, _ partition: Partition) throws -> JournalItem {
        let state = RolloutState(
            id: RolloutID(high: 1, low: number),
            partition: partition,
            origin: Origin(topic: self.bed.topics.events, partition: partition, offset: 0),
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
        let epoch = try #require(self.holdings.epoch(of: partition))
        return JournalItem(partition: partition, epoch: epoch, content: .step(record), next: nil)
    }

    /// Waits until the brokers have refused what was given to the journal last, or it is written or dropped after all.
    ///
    /// - Returns: Whether they refused it.
    func isRefused() async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await self.log.first("transaction refused: the group has moved on")
                return true
            }
            group.addTask {
                let settled = Completion()
                self.parts.journal.tellWhenIdle(settled)
                await settled.wait(until: .now + .seconds(600))
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
    }

    /// Waits until everything given to the journal is written or dropped.
    func settled() async {
        let settled = Completion()
        self.parts.journal.tellWhenIdle(settled)
        await settled.wait()
    }

    /// Waits likewise, while the worker hears of its group again.
    func settledWhileHearing() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while let event = await self.parts.consumer.next() {
                    if case .records = event { continue }
                    try await self.events.handle(event)
                }
                try Task.checkCancellation()
            }
            group.addTask { await self.settled() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

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
            numbers.add(RolloutID(key)?.low ?? 0)
        }
        await reader.close()
        return numbers.all
    }

    /// The value of a counter without labels.
    func counter(_ name: String) -> String? {
        self.registry.prometheusText().split(separator: "\n").first { $0.hasPrefix(name + " ") }
            .map { String($0.dropFirst(name.count + 1)) }
    }
}

/// What a scan found, in order.
private final class Numbers: Sendable {
    private let numbers = Mutex<[UInt64]>([])

    var all: [UInt64] { self.numbers.withLock { $0 } }

    func add(_ number: UInt64) { self.numbers.withLock { $0.append(number) } }
}

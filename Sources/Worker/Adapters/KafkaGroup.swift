// SPDX-License-Identifier: Apache-2.0

import Kafka
import Machine
import Rollouts
import Telemetry
import Values

/// The group's port over librdkafka's consumer.
///
/// Orders are performed one after the other in a task of their own; what waits for brokers is done beside them. Records are
/// decoded where they arrive, so that a backlog takes none of the loop's time.
final class KafkaGroup: GroupPort, Sendable {
    private let consumer: Consumer
    /// Asks where partitions end.
    ///
    /// Not the consumer: a broker answers what it asks by what a committed reader sees, so that a partition which an open
    /// transaction holds back would always seem read to its end.
    private let endReader: PartitionReader
    private let topics: TopicNames
    private let intake: Intake
    private let clock: WorkerClock
    private let inbox: LoopInbox
    private let orders: AsyncStream<GroupOrder>
    private let given: AsyncStream<GroupOrder>.Continuation
    private let locations: Locations

    private let marks: ReadMarks
    private let logger: Logger
    private let inboxCount: Int
    private let watch: GroupWatch?

    init(
        consumer: Consumer,
        endReader: PartitionReader,
        topics: TopicNames,
        intake: Intake,
        clock: WorkerClock,
        inbox: LoopInbox,
        inboxCount: Int = .max,
        marks: ReadMarks = ReadMarks(),
        watch: GroupWatch? = nil,
        logger: Logger = .disabled
    ) {
        self.marks = marks
        self.logger = logger
        self.inboxCount = inboxCount
        self.watch = watch
        self.consumer = consumer
        self.endReader = endReader
        self.topics = topics
        self.intake = intake
        self.clock = clock
        self.inbox = inbox
        (self.orders, self.given) = AsyncStream.makeStream()
        self.locations = Locations(consumer: consumer, marks: marks, logger: logger)
    }

    func perform(_ order: GroupOrder) { self.given.yield(order) }

    /// When the consumer's thread polled last.
    var lastPoll: MonotonicTime? { self.consumer.lastPoll.map { self.clock.time(of: $0) } }

    /// Joins the group and serves until the consumer is closed.
    ///
    /// - Throws: `KafkaError` when a topic's name can't be one.
    func run() async throws {
        try await self.consumer.subscribe(self.topics.events + [self.topics.inbox])
        await withDiscardingTaskGroup { group in
            group.addTask {
                await self.tellEvents()
                self.given.finish()
                self.locations.close()
                self.watch?.close()
            }
            group.addTask { await self.locations.run() }
            if let watch = self.watch { group.addTask { await watch.run() } }
            for await order in self.orders {
                switch order {
                case .locate(let lease, let time):
                    self.locations.ask(self.topics.topicPartition(lease.subject), time) { result in
                        self.inbox.deliver(.group(.located(lease, result)))
                    }
                case .askEnds(let partitions): group.addTask { await self.askEnds(partitions) }
                case .read, .pause, .resume, .letGo: await self.performInOrder(order)
                }
            }
        }
    }

    /// Looks up where a partition stands; the journal's port asks, too.
    func location(of partition: TopicPartition) async throws(PortFailure) -> Location {
        try await self.locations.location(of: partition).get()
    }

    /// Leaves the group and ends everything.
    func close() async {
        await self.consumer.close()
        await self.endReader.close()
        self.given.finish()
    }

    // MARK: Orders

    /// How long leaders may take to say where partitions end: as long as it is to the next look.
    private static let endsTimeout = Duration.seconds(5)

    private func performInOrder(_ order: GroupOrder) async {
        do throws(KafkaError) {
            switch order {
            case .read(let lease, let offset, let isPaused):
                let partition = self.topics.topicPartition(lease.subject)
                try await self.consumer.seek(partition, to: offset, mark: lease.epoch)
                if !isPaused { try await self.consumer.resume([partition]) }
            case .pause(let leases):
                try await self.consumer.pause(leases.map { self.topics.topicPartition($0.subject) })
            case .resume(let leases):
                try await self.consumer.resume(leases.map { self.topics.topicPartition($0.subject) })
            case .letGo(let id): self.consumer.letGo(id.number)
            case .locate, .askEnds: preconditionFailure("an order that waits for brokers")
            }
        } catch {
            // A partition that has gone meanwhile is told as revoked or lost; a closed consumer has nothing to be told.
            guard !error.isClosed else { return }
            self.inbox.deliver(.group(.failed(PortFailure(error))))
        }
    }

    private func askEnds(_ partitions: [ReadPartition]) async {
        var names: [TopicPartition: ReadPartition] = [:]
        for partition in partitions { names[self.topics.topicPartition(partition)] = partition }
        let ends: [TopicPartition: Offset]
        do throws(KafkaError) {
            ends = try await self.endReader.endOffsets(
                Array(names.keys),
                isolation: .uncommitted,
                timeout: Self.endsTimeout
            )
        } catch {
            // The next look comes soon, and that Kafka is away is told by everything else.
            return
        }
        var progress: [ReadPartition: ReadProgress] = [:]
        for (name, end) in ends {
            guard let partition = names[name] else { continue }
            let reached = self.consumer.reached(name)
            progress[partition] = ReadProgress(end: end, delivered: reached?.delivered, met: reached?.end)
        }
        self.inbox.deliver(.group(.ends(progress)))
    }

    // MARK: Events

    private func tellEvents() async {
        while let event = await self.consumer.next() {
            switch event {
            case .assigned, .membershipChanged, .revoked, .lost: self.watch?.rebalanced()
            case .records, .offsetOutOfRange, .error: break
            }
            switch event {
            case .records(let runs):
                await self.inbox.deliver(
                    runs.compactMap { self.records($0) },
                    records: runs.reduce(0) { $0 + $1.records.count }
                )
            case .assigned(let partitions, let membership):
                self.inbox.deliver(.group(.assigned(self.used(partitions), membership)))
            case .membershipChanged(let membership): self.inbox.deliver(.group(.membershipChanged(membership)))
            case .revoked(let partitions, let revocation):
                let id = RevocationID(number: revocation)
                self.inbox.deliver(.group(.revoking(self.used(partitions, isNews: false), id)))
            case .lost(let partitions):
                self.inbox.deliver(.group(.lost(self.used(partitions, isNews: false))))
            case .offsetOutOfRange(let partition, let offset):
                guard let partition = self.topics.readPartition(partition) else { continue }
                self.inbox.deliver(.group(.offsetOutOfRange(partition, offset)))
            case .error(let error): self.inbox.deliver(.group(.failed(PortFailure(error))))
            }
        }
    }

    /// Leaves out partitions by which somebody has grown the inbox: no model belongs to them, and nothing is written there.
    ///
    /// They stay paused, as they came.
    private func used(_ partitions: [TopicPartition], isNews: Bool = true) -> [ReadPartition] {
        let known = partitions.compactMap(self.topics.readPartition)
        let used = known.filter { !$0.isInbox || Int($0.partition.rawValue) < self.inboxCount }
        if isNews, used.count < known.count {
            self.logger.warning(
                "partitions beyond the count are ignored",
                ["topic": .string(self.topics.inbox), "count": .integer(self.inboxCount)]
            )
        }
        return used
    }

    private func records(_ run: MarkedRecords) -> Input? {
        guard let partition = self.topics.readPartition(run.partition), let epoch = run.mark else { return nil }
        let now = Timestamp.now()
        let entries = run.records.map { self.intake.entry($0, from: partition, now: now) }
        return .group(.records(Lease(partition, epoch: epoch), entries))
    }
}

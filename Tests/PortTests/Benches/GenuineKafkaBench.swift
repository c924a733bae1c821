// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import Kafka
import Machine
import Rollouts
import Simulation
import Telemetry
import TestSupport
import Testing
import Values
import WorkbenchAPI

@testable import Worker

/// A Kafka with brokers, genuine or librdkafka's mock cluster, and the worker's own adapters.
final class GenuineKafkaBench: KafkaBench {
    let topics: TopicNames
    private let settings: BenchSettings
    private let properties: KafkaProperties
    private let mock: MockCluster?
    private let groupName = KafkaFixture.uniqueName("bench")
    private var members: [GenuineMember] = []

    /// Runs `body` with topics of its own, which are deleted in the end.
    static func with(
        _ settings: BenchSettings,
        genuine: Bool,
        _ body: (any KafkaBench) async throws -> Void
    ) async throws {
        let mock = genuine ? nil : try MockCluster()
        let bench = GenuineKafkaBench(
            settings,
            try KafkaProperties(bootstrapServers: mock?.bootstrapServers ?? KafkaFixture.genuineBootstrap ?? ""),
            mock
        )
        let result: Result<Void, any Error>
        do {
            try await bench.makeTopics(bench.topics.all.filter { settings.hasDeadTopic || $0 != bench.topics.dead })
            result = .success(try await body(bench))
        } catch {
            result = .failure(error)
        }
        for member in bench.members { await member.leave() }
        if let mock { await mock.close() } else { try await bench.deleteTopics() }
        try result.get()
    }

    private init(_ settings: BenchSettings, _ properties: KafkaProperties, _ mock: MockCluster?) {
        self.settings = settings
        self.properties = properties
        self.mock = mock
        let suffix = KafkaFixture.uniqueName("ports")
        self.topics = TopicNames(
            events: ["events-\(suffix)"],
            inbox: "inbox-\(suffix)",
            journal: "journal-\(suffix)",
            commands: "commands-\(suffix)",
            status: "status-\(suffix)",
            dead: "dead-\(suffix)"
        )
    }

    private func makeTopics(_ names: [String]) async throws {
        let isShared = [self.topics.inbox, self.topics.journal]
        func count(_ name: String) -> Int { isShared.contains(name) ? BenchSettings.inboxPartitions : 1 }
        if let mock = self.mock {
            for name in names { try await mock.createTopic(name, partitionCount: count(name)) }
            return
        }
        let admin = try Admin(properties: self.properties)
        let failures = try await admin.createTopics(
            names.map { name in
                let limit = ["max.message.bytes": String(BenchSettings.topicRecordBytes)]
                return NewTopic(
                    name: name,
                    partitionCount: count(name),
                    settings: isShared.contains(name) ? limit : [:]
                )
            }
        )
        await admin.close()
        if let failure = failures.values.first { throw failure }
    }

    private func deleteTopics() async throws {
        let admin = try Admin(properties: self.properties)
        // The dead-letter topic is missing where a test never made it.
        _ = try await admin.deleteTopics(self.topics.all)
        await admin.close()
    }

    func emit(_ values: [String]) async throws {
        let producer = try Producer(properties: self.properties)
        let records = values.map {
            ProducerRecord(topic: self.topics.events[0], partition: 0, key: nil, value: Array($0.utf8))
        }
        for result in await producer.sendAll(records) { _ = try result.get() }
        await producer.close()
    }

    func command(_ ids: [String]) async throws {
        let producer = try Producer(properties: self.properties)
        let records = ids.map {
            ProducerRecord(
                topic: self.topics.commands,
                key: nil,
                value: Array("{}".utf8),
                headers: RecordHeader.command($0)
            )
        }
        for result in await producer.sendAll(records) { _ = try result.get() }
        await producer.close()
    }

    func deleteCommands(before offset: Offset) async throws {
        let admin = try Admin(properties: self.properties)
        try await admin.deleteRecords(before: [TopicPartition(self.topics.commands, 0): offset])
        await admin.close()
    }

    func join() async throws -> any Member {
        let member = try await GenuineMember(self.topics, self.groupName, self.properties, self.settings)
        self.members.append(member)
        return member
    }

    /// While a member holds a revocation its client can't join again: the next rebalance ends without it.
    func expel(_ member: any Member, for other: any Member) async throws {
        let revocation = try await member.revoked().id
        let third = try await self.join()
        _ = try await other.assigned(1)
        _ = try await third.assigned(1)
        member.order(.letGo(revocation))
        await third.leave()
    }

    func transact(
        _ id: String,
        _ records: [ProducerRecord],
        _ membership: GroupMembership,
        _ body: (any OpenTransaction) async throws -> Void
    ) async throws -> Bool {
        var settings = TransactionSettings(transactionalID: id)
        settings.transactionTimeout = self.settings.transactionTimeout.duration
        let producer = try TransactionalProducer(properties: self.properties, settings: settings)
        try await producer.initTransactions(timeout: .seconds(30))
        let batch = TransactionBatch(
            records: records,
            offsets: [TopicPartition(self.topics.inbox, 0): Offset(rawValue: 0)],
            membership: membership
        )
        let outcome = try await StalledTransaction.run(self.properties, producer, batch) { try await body($0) }
        await producer.close()
        return outcome == .committed
    }

    func waitForRecord(in topic: String, _ partition: Partition) async throws {
        let reader = try PartitionReader(properties: self.properties)
        // Each look is a round trip to the leader.
        while try await reader.endOffset(TopicPartition(topic, partition)) == 0, !Task.isCancelled {}
        await reader.close()
    }

    func makeDeadTopic() async throws { try await self.makeTopics([self.topics.dead]) }

    func loseNextCommit(of member: any Member) async throws {
        // More than one second of them: the client asks again until the transaction's time is up.
        try await self.mock?.fail(.endTransaction, with: Array(repeating: "COORDINATOR_NOT_AVAILABLE", count: 20_000))
    }

    func refuseNextTransaction(of member: any Member) async throws {
        try await self.mock?.fail(.addOffsetsToTransaction, with: ["GROUP_AUTHORIZATION_FAILED"])
    }
}

extension StalledTransaction: OpenTransaction {}

/// A process with the worker's adapters.
final class GenuineMember: Member {
    let ports: Ports
    let transactionalID = KafkaFixture.uniqueName("process")
    private(set) var heard: [Input] = []
    private let group: KafkaGroup
    private let journal: KafkaJournal
    private let commands: KafkaCommands
    private let client = HTTPClient()
    private let inbox = LoopInbox()
    private var waiting: [Input] = []
    private var hasLeft = false
    private var serving: [Task<Void, any Error>] = []

    init(
        _ topics: TopicNames,
        _ groupName: String,
        _ properties: KafkaProperties,
        _ settings: BenchSettings
    ) async throws {
        let (id, clock) = (self.transactionalID, WorkerClock())
        var transactions = TransactionSettings(transactionalID: id)
        transactions.transactionTimeout = settings.transactionTimeout.duration
        let final = transactions
        self.group = KafkaGroup(
            consumer: try Self.consumer(groupName, properties, settings),
            endReader: try PartitionReader(properties: properties, isolation: .uncommitted),
            topics: topics,
            intake: Intake(.init(routes: Routes([]), defaultProjectID: nil, workbench: "w", inboxPartitions: 2)),
            clock: clock,
            inbox: self.inbox
        )
        self.journal = KafkaJournal(
            settings: KafkaJournal.Settings(
                topics: topics,
                groupID: id,
                encoder: .ofBench(topics, id),
                makeProducer: { (lost) throws(KafkaError) in
                    try TransactionalProducer(properties: properties, settings: final, connectionLost: lost)
                },
                makeReader: { () throws(KafkaError) in try PartitionReader(properties: properties) },
                backoff: Backoff(base: .milliseconds(100), cap: .seconds(1))
            ),
            group: self.group,
            clock: clock,
            inbox: self.inbox,
            logger: Logger(level: .error, sink: InMemoryLogSink())
        )
        self.commands = Self.commands(topics, properties, clock, self.inbox)
        let workbench = HTTPWorkbench(
            client: self.client,
            credentials: FixedCredential(Secret("key")),
            clock: clock,
            inbox: self.inbox
        )
        let port: any JournalPort =
            settings.sabotage == .shortRestore
            ? ShortRestores(self.journal, topics, properties, self.inbox) : self.journal
        self.ports = Ports(group: self.group, journal: port, commands: self.commands, workbench: workbench)
        let producer = try #require(await self.journal.rebuild())
        self.serving = [
            Task { [group] in try await group.run() },
            Task { [journal] in await journal.run(producer) }, Task { [commands] in await commands.run() },
        ]
    }

    private static func consumer(
        _ groupName: String,
        _ properties: KafkaProperties,
        _ settings: BenchSettings
    ) throws -> Consumer {
        var consumer = ConsumerSettings(groupID: groupName)
        consumer.sessionTimeout = settings.sessionTimeout.duration
        consumer.revocationTimeout = settings.holdLimit.duration
        // As short as it may be: no less than a session.
        let pollLimit = String(settings.sessionTimeout.milliseconds)
        let consuming = try KafkaProperties([
            .init("bootstrap.servers", properties["bootstrap.servers"] ?? ""),
            .init("max.poll.interval.ms", pollLimit),
        ])
        return try Consumer(properties: consuming, settings: consumer)
    }

    private static func commands(
        _ topics: TopicNames,
        _ properties: KafkaProperties,
        _ clock: WorkerClock,
        _ inbox: LoopInbox
    ) -> KafkaCommands {
        KafkaCommands(
            topics: topics,
            intake: Intake(.init(routes: Routes([]), defaultProjectID: nil, workbench: "w", inboxPartitions: 2)),
            clock: clock,
            inbox: inbox,
            makeReader: { () throws(KafkaError) in
                try PartitionReader(properties: properties, isolation: .uncommitted)
            }
        )
    }

    func next() async throws -> Input {
        while self.waiting.isEmpty {
            // Nobody tells it anything any more.
            guard !self.hasLeft else { throw Silence() }
            self.waiting = self.inbox.take()
            self.heard += self.waiting
            if self.waiting.isEmpty { for await _ in self.inbox.signals { break } }
            try Task.checkCancellation()
        }
        return self.waiting.removeFirst()
    }

    func leave() async {
        guard !self.hasLeft else { return }
        self.hasLeft = true
        self.inbox.close()
        self.journal.close()
        self.commands.close()
        await self.group.close()
        await self.client.close()
        for task in self.serving { _ = await task.result }
    }
}

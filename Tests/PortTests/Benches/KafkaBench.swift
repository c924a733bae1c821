// SPDX-License-Identifier: Apache-2.0

import Glibc
import Machine
import Rollouts
import Simulation
import TestSupport
import Testing
import Values

/// What stands behind the ports that a suite is about.
enum Implementation: String, CaseIterable, CustomTestStringConvertible {
    /// The simulation's ports.
    case modelled
    /// The worker's adapters over librdkafka's mock cluster: for faults that no genuine broker can be asked for.
    case mock
    /// The worker's adapters over a genuine Kafka.
    case genuine

    var testDescription: String { self.rawValue }

    /// The model, and what it is a model of.
    static let all: [Implementation] = [.modelled, .genuine]

    /// Runs `body` on topics of its own; where there is no genuine Kafka the case is skipped, and says so.
    func bench(_ settings: BenchSettings = BenchSettings(), _ body: (any KafkaBench) async throws -> Void) async throws
    {
        switch self {
        case .modelled: try await body(ModelledKafkaBench(settings))
        case .mock: try await GenuineKafkaBench.with(settings, genuine: false, body)
        case .genuine:
            guard KafkaFixture.genuineBootstrap != nil else {
                try Test.cancel("KAFKA_BOOTSTRAP is not set: no genuine Kafka to hold the ports against")
            }
            try await GenuineKafkaBench.with(settings, genuine: true, body)
        }
    }
}

/// What a bench is made with.
struct BenchSettings {
    /// How long a revocation is held at the most.
    var holdLimit = Span.seconds(20)
    /// After how long without a heartbeat a member is forgotten.
    var sessionTimeout = Span.seconds(10)
    /// How long a transaction may take.
    var transactionTimeout = Span.seconds(10)
    /// Whether there is a dead-letter topic; a record for one that is missing waits until it is made.
    var hasDeadTopic = true
    /// The guarantee that the ports lack; of genuine ones that is rule 4 or none.
    var sabotage: Sabotage?

    /// The largest record that the topics take.
    static let topicRecordBytes = 20_000
    /// The largest record that the port is told of.
    static let knownRecordBytes = 100_000
    /// Partitions of inbox and journal.
    static let inboxPartitions = 2
}

/// A Kafka with the topics of a worker (one event partition, two of inbox and journal), and processes with ports to it.
protocol KafkaBench: AnyObject {
    /// The topics.
    var topics: TopicNames { get }
    /// Appends records to the event partition.
    func emit(_ values: [String]) async throws
    /// Appends commands of an unknown kind, by their ids.
    func command(_ ids: [String]) async throws
    /// Deletes the oldest commands.
    func deleteCommands(before offset: Offset) async throws
    /// A process begins and joins the group.
    func join() async throws -> any Member
    /// The group goes on without a member, which is not dead; others have its partitions when this returns.
    func expel(_ member: any Member, for other: any Member) async throws
    /// Another process begins a transaction, and `body` runs while that is open.
    ///
    /// - Parameters:
    ///   - id: Its transactional id.
    ///   - records: What it writes.
    ///   - membership: What its offset is committed with.
    ///   - body: May let the transaction go on to its commit; else it is aborted by those who take its id over, or in the end.
    /// - Returns: Whether it was committed.
    /// - Throws: What `body` throws, or that the transaction can't be begun.
    func transact(
        _ id: String,
        _ records: [ProducerRecord],
        _ membership: GroupMembership,
        _ body: (any OpenTransaction) async throws -> Void
    ) async throws -> Bool
    /// Waits until a partition has a record, of an open transaction or not.
    func waitForRecord(in topic: String, _ partition: Partition) async throws
    /// Makes the dead-letter topic.
    func makeDeadTopic() async throws
    /// The next commit that a member asks for is never answered.
    func loseNextCommit(of member: any Member) async throws
    /// The next transaction of a member fails at brokers that are busy.
    func refuseNextTransaction(of member: any Member) async throws
}

extension RecordHeader {
    /// Those of a command of an unknown kind.
    static func command(_ id: String) -> [RecordHeader] {
        [
            RecordHeader("ce_specversion", "1.0"), RecordHeader("ce_type", "dev.slipway.command.any.v1"),
            RecordHeader("ce_source", "/bench"), RecordHeader("ce_id", id),
        ]
    }
}

/// A transaction of another process.
protocol OpenTransaction {
    /// Lets it go on to its commit.
    func letGo() async throws
}

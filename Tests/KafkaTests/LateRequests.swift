// SPDX-License-Identifier: Apache-2.0

import Glibc
import Kafka
import Synchronization
import TestSupport
import Testing
import Values

/// What the suites about late requests share.
enum LateRequests {
    /// How many tries `LateRequestTriesTests` makes; 0 for none.
    static let tries = getenv("LATE_TRIES").flatMap { Int(String(cString: $0)) } ?? 0

    /// What the journal's adapter does between two transactions.
    static func replaced(
        _ producer: TransactionalProducer,
        _ broker: ProxiedBroker,
        _ id: String
    ) async throws -> TransactionalProducer {
        guard producer.isSuspect else { return producer }
        await producer.close()
        return try await BrokerFixture.producer(broker.properties, id)
    }

    static func withMember(
        partitions: Int = 1,
        _ body: (ProxiedBroker, TopicPartition, Consumer, GroupMembership) async throws -> Void
    ) async throws {
        try await ProxiedBroker.with { broker in
            let topic = KafkaFixture.uniqueName("late")
            let admin = try Admin(properties: broker.properties)
            let new = NewTopic(name: topic, partitionCount: partitions, replicationFactor: 1, settings: [:])
            #expect(try await admin.createTopics([new]).isEmpty)
            await admin.close()
            let group = KafkaFixture.uniqueName("group")
            let member = try await BrokerFixture.consumer(broker.properties, group: group, topic: topic)
            var probe = KafkaProbe(member)
            let partition = try #require(try await probe.assignment().first)
            try await body(broker, partition, member, try #require(probe.membership))
        }
    }

    static func batch(
        _ text: String,
        _ partition: TopicPartition,
        _ membership: GroupMembership,
        offset: Int64 = 0
    ) -> TransactionBatch {
        TransactionBatch(
            records: [BrokerFixture.record(partition.topic, partition.partition, text)],
            offsets: [partition: Offset(rawValue: offset)],
            membership: membership
        )
    }

    /// The group's committed offset.
    static func offset(
        _ properties: KafkaProperties,
        _ group: String,
        _ partition: TopicPartition
    ) async throws -> Offset? {
        let admin = try Admin(properties: properties)
        var offsets: [TopicPartition: Offset]?
        for _ in 0..<100 where offsets == nil {
            // Markers are written after a commit has been acknowledged; until then the brokers say so (89).
            do throws(KafkaError) {
                offsets = try await admin.committedOffsets(ofGroup: group, [partition])
            } catch {
                guard "\(error)".contains("UNSTABLE_OFFSET_COMMIT") else { throw error }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        await admin.close()
        return offsets?[partition]
    }

    /// What a reader sees that leaves out aborted transactions.
    static func committed(_ properties: KafkaProperties, _ partition: TopicPartition) async throws -> [String] {
        let reader = try PartitionReader(properties: properties)
        let end = try await reader.endOffset(partition)
        let seen = Mutex<[String]>([])
        _ = try await reader.scan(partition, from: Offset(rawValue: 0), until: end, stall: .seconds(30)) { record in
            let text = record.withHeader("n") { $0.map { String(decoding: $0, as: UTF8.self) } ?? "" }
            seen.withLock { $0.append(text) }
        }
        await reader.close()
        return seen.withLock { $0 }
    }
}

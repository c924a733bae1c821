// SPDX-License-Identifier: Apache-2.0

import Kafka
import TestSupport
import Testing
import Values

@testable import Worker

/// What people do to topics and groups.
extension WorkerFixture {
    /// Runs `body` with an admin client.
    func withAdmin<Result>(_ body: (Admin) async throws -> Result) async throws -> Result {
        let admin = try Admin(properties: self.kafka)
        do {
            let result = try await body(admin)
            await admin.close()
            return result
        } catch {
            await admin.close()
            throw error
        }
    }

    /// Makes a topic.
    func make(_ topic: String, partitions: Int, _ settings: [String: String] = [:]) async throws {
        try await self.withAdmin { admin in
            let new = NewTopic(name: topic, partitionCount: partitions, settings: settings)
            var failure: KafkaError?
            // A topic that is being deleted is there for a moment.
            repeat { failure = try await admin.createTopics([new])[topic] } while failure?.isTopicExists == true
            if let failure { throw failure }
        }
    }

    /// Deletes a topic, and returns when the brokers know it no more.
    func delete(_ topic: String) async throws {
        try await self.withAdmin { admin in
            if let failure = try await admin.deleteTopics([topic])[topic] { throw failure }
            while try await admin.topic(topic) != nil, !Task.isCancelled { await Task.yield() }
        }
    }

    /// Gives a topic more partitions, and returns when the brokers name them.
    func grow(_ topic: String, to count: Int) async throws {
        try await self.withAdmin { admin in
            try await admin.growTopic(topic, toPartitions: count)
            while try await admin.topic(topic)?.partitionCount != count, !Task.isCancelled { await Task.yield() }
        }
    }

    /// Commits offsets for the group as something else than a worker does, being its only member.
    func commitAsAStranger(
        _ offsets: [TopicPartition: Offset]
    ) async throws {
        let consumer = try await self.member(ofGroup: self.groupID)
        var probe = KafkaProbe(consumer)
        _ = try await probe.assignment()
        try await self.commit(offsets, try #require(probe.membership))
        await consumer.close()
    }

    /// Commits offsets with the membership of somebody who is no worker.
    func commit(
        _ offsets: [TopicPartition: Offset],
        _ membership: GroupMembership
    ) async throws {
        let producer = try TransactionalProducer(
            properties: self.kafka,
            settings: TransactionSettings(transactionalID: KafkaFixture.uniqueName("stranger"))
        )
        try await producer.initTransactions(timeout: .seconds(30))
        let batch = TransactionBatch(records: [], offsets: offsets, membership: membership)
        #expect(await producer.transact(batch) == .committed)
        await producer.close()
    }
}

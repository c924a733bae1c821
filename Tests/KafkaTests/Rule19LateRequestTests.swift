// SPDX-License-Identifier: Apache-2.0

import Kafka
import Synchronization
import TestSupport
import Testing
import Values

/// Rule 19: a request that librdkafka sends again by itself may reach the coordinator twice, the first copy late.
@Suite(
    "Rule 19 on a genuine broker behind a proxy",
    .enabled(if: ProxiedBroker.script != nil, ProxiedBroker.isAbsent),
    .serialized,
    .timeLimit(.minutes(3))
)
struct Rule19LateRequestTests {
    /// The late copy of one commit would commit the next transaction, which its offsets should have fenced.
    @Test func aLateCommitDoesNotCommitTheNextTransaction() async throws {
        try await self.withMember { broker, partition, member, membership in
            let producer = try await BrokerFixture.producer(broker.properties, "late-commit")
            broker.proxy.hold(WireProxy.API.endTransaction, deliverBefore: WireProxy.API.addOffsetsToTransaction)
            #expect(await producer.transact(self.batch("first", partition, membership)) == .committed)
            // Fenced: the member has left, so that nothing of it may ever be read.
            await member.close()
            let next = try await self.replaced(producer, broker, "late-commit")
            #expect(await next.transact(self.batch("second", partition, membership)) != .committed)
            await next.close()
            #expect(try await self.committed(broker.properties, partition) == ["first"])
            #expect(broker.proxy.delivered == 1)
        }
    }

    /// The late copy of one abort would drop the records of the next transaction, whose offsets and commit succeed.
    @Test func aLateAbortDoesNotDropTheNextTransaction() async throws {
        try await self.withMember { broker, partition, member, membership in
            let producer = try await BrokerFixture.producer(broker.properties, "late-abort")
            let stale = try #require(GroupMembership(groupID: membership.groupID, generation: 0, memberID: "nobody"))
            broker.proxy.hold(WireProxy.API.endTransaction, deliverBefore: WireProxy.API.addOffsetsToTransaction)
            #expect(await producer.transact(self.batch("first", partition, stale)) != .committed)
            let next = try await self.replaced(producer, broker, "late-abort")
            #expect(await next.transact(self.batch("second", partition, membership)) == .committed)
            await next.close()
            await member.close()
            #expect(try await self.committed(broker.properties, partition) == ["second"])
            #expect(broker.proxy.delivered == 1)
        }
    }

    @Test func aProducerThatLostAnAnswerTakesNoFurtherTransaction() async throws {
        try await self.withMember { broker, partition, member, membership in
            let producer = try await BrokerFixture.producer(broker.properties, "suspect")
            #expect(await producer.transact(self.batch("first", partition, membership)) == .committed)
            #expect(!producer.isSuspect)
            broker.proxy.hold(WireProxy.API.endTransaction, deliverBefore: -1)
            #expect(await producer.transact(self.batch("second", partition, membership)) == .committed)
            #expect(producer.isSuspect)
            guard case .fatal = await producer.transact(self.batch("third", partition, membership)) else {
                Issue.record("a suspect producer went on")
                return
            }
            await producer.close()
            await member.close()
            #expect(try await self.committed(broker.properties, partition) == ["first", "second"])
        }
    }

    /// What the journal's adapter does between two transactions.
    private func replaced(
        _ producer: TransactionalProducer,
        _ broker: ProxiedBroker,
        _ id: String
    ) async throws -> TransactionalProducer {
        guard producer.isSuspect else { return producer }
        await producer.close()
        return try await BrokerFixture.producer(broker.properties, id)
    }

    private func withMember(
        _ body: (ProxiedBroker, TopicPartition, Consumer, GroupMembership) async throws -> Void
    ) async throws {
        try await ProxiedBroker.with { broker in
            let topic = KafkaFixture.uniqueName("late")
            let admin = try Admin(properties: broker.properties)
            let new = NewTopic(name: topic, partitionCount: 1, replicationFactor: 1, settings: [:])
            #expect(try await admin.createTopics([new]).isEmpty)
            await admin.close()
            let group = KafkaFixture.uniqueName("group")
            let member = try await BrokerFixture.consumer(broker.properties, group: group, topic: topic)
            var probe = KafkaProbe(member)
            let partition = try #require(try await probe.assignment().first)
            try await body(broker, partition, member, try #require(probe.membership))
        }
    }

    private func batch(_ text: String, _ partition: TopicPartition, _ membership: GroupMembership) -> TransactionBatch {
        TransactionBatch(
            records: [BrokerFixture.record(partition.topic, partition.partition, text)],
            offsets: [partition: Offset(rawValue: 0)],
            membership: membership
        )
    }

    /// What a reader sees that leaves out aborted transactions.
    private func committed(_ properties: KafkaProperties, _ partition: TopicPartition) async throws -> [String] {
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

// SPDX-License-Identifier: Apache-2.0

import Kafka
import TestSupport
import Testing
import Values

@Suite(
    "Consumer on a genuine broker",
    .serialized,
    .enabled(if: BrokerFixture.isPresent, BrokerFixture.isAbsent),
    .timeLimit(.minutes(2))
)
struct ConsumerBrokerTests {
    @Test func aRevocationWaitsForItsHoldAndItsMembershipCommits() async throws {
        try await KafkaFixture.withGenuineTopic(partitionCount: 4) { properties, topic in
            let group = KafkaFixture.uniqueName("group")
            let producer = try await BrokerFixture.producer(properties, group)
            let first = try await BrokerFixture.consumer(properties, group: group, topic: topic)
            var probe = KafkaProbe(first)
            let assigned = try await probe.assignment()
            #expect(assigned.count == 4)
            let old = try #require(probe.membership)

            let second = try await BrokerFixture.consumer(properties, group: group, topic: topic)
            let (revoked, revocation) = try await probe.next {
                if case .revoked(let partitions, let revocation) = $0 { (partitions, revocation) } else { nil }
            }
            #expect(revoked.count == 2)
            // Calls are served while the revocation is held, and nothing has moved yet.
            try await first.pause(revoked)
            #expect(first.assignment.count == 4)
            #expect(second.assignment.isEmpty)
            var batch = TransactionBatch(
                records: [BrokerFixture.record(topic, 0, "held")],
                offsets: [revoked[0]: Offset(rawValue: 0)],
                membership: old
            )
            guard case .aborted(let error, _) = await producer.transact(batch) else {
                Issue.record("the older membership was accepted")
                return
            }
            #expect(error.isMembershipLost)
            batch.membership = try #require(probe.membership)
            #expect(await producer.transact(batch) == .committed)
            #expect(try await first.committed([revoked[0]]).mapValues(\.offset) == [revoked[0]: Offset(rawValue: 0)])
            first.letGo(revocation)
            var other = KafkaProbe(second)
            let gained = try await other.assignment()
            #expect(Set(gained) == Set(revoked))
            await second.close()
            await first.close()
            await producer.close()
        }
    }

    @Test func aTopicThatIsMadeAfterTheSubscriptionIsTakenUp() async throws {
        let properties = try KafkaProperties(bootstrapServers: KafkaFixture.genuineBootstrap ?? "")
        let topic = KafkaFixture.uniqueName("late")
        let consumer = try await BrokerFixture.consumer(
            properties,
            group: KafkaFixture.uniqueName("group"),
            topic: topic
        )
        var probe = KafkaProbe(consumer)
        let refusal = try await probe.next { if case .error(let error) = $0 { error } else { nil } }
        #expect(refusal.isUnknownTopic)
        // By now it is connected everywhere, so that nothing but its own next look can tell it of the topic.
        let producer = try await BrokerFixture.producer(properties, topic)
        await producer.close()
        let admin = try Admin(properties: properties)
        _ = try await admin.createTopics([NewTopic(name: topic, partitionCount: 2, replicationFactor: 1)])
        #expect(try await probe.assignment().count == 2)
        _ = try await admin.deleteTopics([topic])
        await admin.close()
        await consumer.close()
    }

    @Test func aRevocationWhoseHoldIsNotReleasedGoesOnInTime() async throws {
        try await KafkaFixture.withGenuineTopic(partitionCount: 2) { properties, topic in
            let group = KafkaFixture.uniqueName("group")
            let first = try await BrokerFixture.consumer(
                properties,
                group: group,
                topic: topic,
                revocationTimeout: .seconds(1)
            )
            var probe = KafkaProbe(first)
            _ = try await probe.assignment()
            let second = try await BrokerFixture.consumer(properties, group: group, topic: topic)
            // Nobody lets go.
            _ = try await probe.next { if case .revoked(_, let revocation) = $0 { revocation } else { nil } }
            var other = KafkaProbe(second)
            #expect(try await other.assignment().count == 1)
            await second.close()
            await first.close()
        }
    }

    @Test func aRebalanceThatChangesNothingTellsTheNewMembership() async throws {
        try await KafkaFixture.withGenuineTopic(partitionCount: 1) { properties, topic in
            let group = KafkaFixture.uniqueName("group")
            let producer = try await BrokerFixture.producer(properties, group)
            let first = try await BrokerFixture.consumer(properties, group: group, topic: topic)
            var probe = KafkaProbe(first)
            let partition = try #require(try await probe.assignment().first)
            let old = try #require(probe.membership)
            // A second member of a group with one partition gets nothing, and takes nothing.
            let second = try await BrokerFixture.consumer(properties, group: group, topic: topic)
            let new = try await probe.next {
                if case .membershipChanged(let membership) = $0 { membership } else { nil }
            }
            #expect(new.generation > old.generation)
            #expect(new.memberID == old.memberID)
            var batch = TransactionBatch(
                records: [BrokerFixture.record(topic, 0, "a")],
                offsets: [partition: Offset(rawValue: 0)],
                membership: old
            )
            guard case .aborted(let error, _) = await producer.transact(batch) else {
                Issue.record("a stale membership was accepted")
                return
            }
            #expect(error.isMembershipLost)
            batch.membership = new
            #expect(await producer.transact(batch) == .committed)
            await second.close()
            await first.close()
            await producer.close()
        }
    }

    @Test func offsetsCommittedByTransactionAreWhereReadingGoesOn() async throws {
        try await KafkaFixture.withGenuineTopic(partitionCount: 1) { properties, topic in
            let group = KafkaFixture.uniqueName("group")
            let producer = try await BrokerFixture.producer(properties, group)
            var consumer = try await BrokerFixture.consumer(properties, group: group, topic: topic)
            var probe = KafkaProbe(consumer)
            let partition = try #require(try await probe.assignment().first)
            let batch = TransactionBatch(
                records: (0..<5).map { BrokerFixture.record(topic, 0, "\($0)") },
                offsets: [partition: Offset(rawValue: 3)],
                membership: try #require(probe.membership)
            )
            #expect(await producer.transact(batch) == .committed)
            #expect(try await consumer.committed([partition]).mapValues(\.offset) == [partition: Offset(rawValue: 3)])
            await consumer.close()

            let admin = try Admin(properties: properties)
            let offsets = try await admin.committedOffsets(ofGroup: group, [partition])
            #expect(offsets == [partition: Offset(rawValue: 3)])
            await admin.close()

            consumer = try await BrokerFixture.consumer(properties, group: group, topic: topic)
            probe = KafkaProbe(consumer)
            // Resumed at once, while the committed offset may still be asked for.
            try await consumer.resume(try await probe.assignment())
            #expect(try await probe.records(2).map(\.offset.rawValue) == [3, 4])
            await consumer.close()
            await producer.close()
        }
    }

    @Test func aCommittedOffsetOutOfRangeIsTold() async throws {
        try await KafkaFixture.withGenuineTopic(partitionCount: 1) { properties, topic in
            let group = KafkaFixture.uniqueName("group")
            let producer = try await BrokerFixture.producer(properties, group)
            let consumer = try await BrokerFixture.consumer(properties, group: group, topic: topic)
            var probe = KafkaProbe(consumer)
            let partition = try #require(try await probe.assignment().first)
            let batch = TransactionBatch(
                records: (0..<10).map { BrokerFixture.record(topic, 0, "\($0)") },
                offsets: [partition: Offset(rawValue: 2)],
                membership: try #require(probe.membership)
            )
            #expect(await producer.transact(batch) == .committed)
            let admin = try Admin(properties: properties)
            try await admin.deleteRecords(before: [partition: Offset(rawValue: 7)])
            await admin.close()
            try await consumer.seek(partition, to: Offset(rawValue: 2))
            try await consumer.resume([partition])
            // On a slow machine the first fetch, from the beginning, may be out of range as well.
            let told = try await probe.next {
                if case .offsetOutOfRange(let partition, let offset) = $0, offset.rawValue != 0 {
                    (partition, offset)
                } else {
                    nil
                }
            }
            #expect(told == (partition, Offset(rawValue: 2)))
            #expect(try await probe.records(1).first?.offset.rawValue == 7)
            await consumer.close()
            await producer.close()
        }
    }
}

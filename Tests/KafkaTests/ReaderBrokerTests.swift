// SPDX-License-Identifier: Apache-2.0

import Kafka
import Synchronization
import TestSupport
import Testing
import Values

@Suite(
    "Reader, transactions and admin on a genuine broker",
    .serialized,
    .enabled(if: BrokerFixture.isPresent, BrokerFixture.isAbsent),
    .timeLimit(.minutes(2))
)
struct ReaderBrokerTests {
    /// Runs `body` with a member of a group and its one partition.
    private func withMember(
        _ body: (KafkaProperties, TopicPartition, GroupMembership) async throws -> Void
    ) async throws {
        try await KafkaFixture.withGenuineTopic(partitionCount: 1) { properties, topic in
            let group = KafkaFixture.uniqueName("group")
            let consumer = try await BrokerFixture.consumer(properties, group: group, topic: topic)
            var probe = KafkaProbe(consumer)
            let partition = try #require(try await probe.assignment().first)
            try await body(properties, partition, try #require(probe.membership))
            await consumer.close()
        }
    }

    private func batch(
        _ partition: TopicPartition,
        _ membership: GroupMembership,
        _ values: [String]
    ) -> TransactionBatch {
        TransactionBatch(
            records: values.map { BrokerFixture.record(partition.topic, 0, $0) },
            offsets: [partition: Offset(rawValue: 0)],
            membership: membership
        )
    }

    /// Scans a partition and returns the header "n" of what it saw.
    private func scan(
        _ reader: PartitionReader,
        _ partition: TopicPartition,
        until end: Offset,
        stall: Duration? = nil
    ) async throws(KafkaError) -> (seen: [String], end: Offset) {
        let seen = SeenValues()
        let reported = try await reader.scan(partition, from: Offset(rawValue: 0), until: end, stall: stall) { record in
            seen.add(record.withHeader("n") { $0.map { String(decoding: $0, as: UTF8.self) } ?? "" })
        }
        return (seen.all, reported)
    }

    @Test func aScanPassesMarkersAndAbortedRecordsToTheEnd() async throws {
        try await self.withMember { properties, partition, membership in
            let producer = try await BrokerFixture.producer(properties, KafkaFixture.uniqueName("tx"))
            #expect(await producer.transact(self.batch(partition, membership, ["a", "b"])) == .committed)
            let stale = try #require(
                GroupMembership(groupID: membership.groupID, generation: 99, memberID: membership.memberID)
            )
            guard case .aborted(let error, _) = await producer.transact(self.batch(partition, stale, ["x", "y"])) else {
                Issue.record("a wrong generation was accepted")
                return
            }
            #expect(error.isMembershipLost)
            let reader = try PartitionReader(properties: properties)
            // Two records, a commit marker, two records, an abort marker; the coordinator writes that one after it has
            // confirmed the abort.
            var end = try await reader.endOffset(partition)
            while end.rawValue < 6, !Task.isCancelled { end = try await reader.endOffset(partition) }
            #expect(end.rawValue == 6)
            let result = try await self.scan(reader, partition, until: end)
            #expect(result.seen == ["a", "b"])
            #expect(result.end == end)
            #expect(try await reader.lowWatermark(partition).rawValue == 0)
            await reader.close()
            await producer.close()
        }
    }

    @Test func aScanWaitsForAnOpenTransaction() async throws {
        try await self.withMember { properties, partition, membership in
            // Another generation's offsets keep the transaction open: flushed records, then a producer that is gone.
            let id = KafkaFixture.uniqueName("tx")
            let writer = try await BrokerFixture.producer(properties, id)
            #expect(await writer.transact(self.batch(partition, membership, ["a"])) == .committed)
            let open = try OpenTransaction(properties: properties, transactionalID: KafkaFixture.uniqueName("open"))
            try await open.write(BrokerFixture.record(partition.topic, 0, "open"))

            let reader = try PartitionReader(properties: properties)
            let end = try await reader.endOffset(partition)
            #expect(end.rawValue == 3)
            #expect(try await reader.endOffset(partition, isolation: .committed).rawValue == 2)
            let held = await #expect(throws: KafkaError.self) {
                _ = try await self.scan(reader, partition, until: end, stall: .seconds(1))
            }
            #expect(held?.isTimeout == true)
            async let result = self.scan(reader, partition, until: end)
            try await open.commit()
            let (seen, reported) = try await result
            #expect(seen == ["a", "open"])
            #expect(reported >= end)
            await open.close()
            await reader.close()
            await writer.close()
        }
    }

    @Test func aScanEndsWithItsTask() async throws {
        try await self.withMember { properties, partition, _ in
            let reader = try PartitionReader(properties: properties)
            await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do throws(KafkaError) {
                        _ = try await self.scan(reader, partition, until: Offset(rawValue: 1))
                        return false
                    } catch {
                        return error.isInterrupted
                    }
                }
                group.cancelAll()
                #expect(await group.next() == true)
            }
            await reader.close()
        }
    }

    @Test func aSecondProducerFencesTheFirst() async throws {
        try await self.withMember { properties, partition, membership in
            let id = KafkaFixture.uniqueName("tx")
            let first = try await BrokerFixture.producer(properties, id)
            #expect(await first.transact(self.batch(partition, membership, ["a"])) == .committed)
            let second = try await BrokerFixture.producer(properties, id)
            guard case .fatal(let error) = await first.transact(self.batch(partition, membership, ["b"])) else {
                Issue.record("not fenced")
                return
            }
            #expect(error.isFenced, "\(error)")
            #expect(await second.transact(self.batch(partition, membership, ["c"])) == .committed)
            await first.close()
            await second.close()
        }
    }

    @Test func aRecordThatTheTopicDoesNotTakeIsNamed() async throws {
        let settings = ["max.message.bytes": "2000"]
        try await KafkaFixture.withGenuineTopic(partitionCount: 1, settings: settings) { properties, topic in
            let group = KafkaFixture.uniqueName("group")
            let consumer = try await BrokerFixture.consumer(properties, group: group, topic: topic)
            var probe = KafkaProbe(consumer)
            let partition = try #require(try await probe.assignment().first)
            let membership = try #require(probe.membership)
            let producer = try await BrokerFixture.producer(properties, group)
            let values = ["a", Noise.text(5_000), "c"]
            let outcome = await producer.transact(self.batch(partition, membership, values))
            guard case .aborted(let error, let failed) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(error.isTooLarge)
            #expect(failed.keys.contains(1))
            let second = await producer.transact(self.batch(partition, membership, ["a", "c"]))
            #expect(second == .committed, "\(second) after \(failed)")
            await producer.close()
            await consumer.close()
        }
    }

    @Test func changingOneSettingKeepsTheOthers() async throws {
        let settings = ["cleanup.policy": "compact", "retention.ms": "123000"]
        try await KafkaFixture.withGenuineTopic(partitionCount: 3, settings: settings) { properties, topic in
            let admin = try Admin(properties: properties)
            #expect(try await admin.topic(topic) == Topic(name: topic, partitionCount: 3, replicationFactor: 1))
            #expect(try await admin.topics()[topic]?.partitionCount == 3)
            #expect(try await admin.topic(topic + "-none") == nil)
            try await admin.changeSettings(ofTopic: topic, ["retention.ms": "456000"])
            var read = try await admin.settings(ofTopic: topic)
            #expect(read["cleanup.policy"]?.value == "compact")
            #expect(read["cleanup.policy"]?.isOwn == true)
            #expect(read["retention.ms"]?.value == "456000")
            try await admin.changeSettings(ofTopic: topic, ["retention.ms": nil])
            read = try await admin.settings(ofTopic: topic)
            #expect(read["retention.ms"]?.isOwn == false)
            #expect(read["cleanup.policy"]?.value == "compact")
            let again = try await admin.createTopics([NewTopic(name: topic, partitionCount: 3, replicationFactor: 1)])
            #expect(again[topic]?.isTopicExists == true)
            await admin.close()
        }
    }

    @Test func aGroupIsDescribed() async throws {
        try await self.withMember { properties, partition, membership in
            let admin = try Admin(properties: properties)
            let group = try await admin.group(membership.groupID)
            #expect(group.state == "Stable")
            #expect(group.members.map(\.memberID) == [membership.memberID])
            #expect(group.members.first?.assignment == [partition])
            #expect(try await admin.group(KafkaFixture.uniqueName("none")).members.isEmpty)
            await admin.close()
        }
    }
}

/// What a scan's body saw, in order.
private final class SeenValues: Sendable {
    private let values = Mutex<[String]>([])

    var all: [String] { self.values.withLock { $0 } }

    func add(_ value: String) { self.values.withLock { $0.append(value) } }
}

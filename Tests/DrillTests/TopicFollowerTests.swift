// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import SandboxPrograms
import TestSupport
import Testing
import Values

@testable import Drill

/// What a drill reads of its topics.
@Suite("drill: topics", .timeLimit(.minutes(1)))
struct TopicFollowerTests {
    private static let id = "0123456789abcdef0123456789abcdef"

    private static func journal(_ topics: DrillTopics, _ partition: Partition, kind: String) -> ProducerRecord {
        typealias Name = JournalRecord.HeaderName
        return ProducerRecord(
            topic: topics.journal,
            partition: partition,
            key: Array((kind == "start" ? "start" : self.id).utf8),
            value: Array("{}".utf8),
            headers: [
                RecordHeader(Name.schema, JournalRecord.schema), RecordHeader(Name.kind, kind),
                RecordHeader(Name.process, "a"), RecordHeader(Name.generation, "3"),
            ]
        )
    }

    private static func barrier(_ topic: String) -> ProducerRecord {
        ProducerRecord(
            topic: topic,
            partition: 0,
            key: Barrier.key,
            value: Array("{}".utf8),
            headers: [RecordHeader("ce_type", Barrier.eventType)]
        )
    }

    private static func inbox(_ topics: DrillTopics, _ header: String) -> ProducerRecord {
        ProducerRecord(
            topic: topics.inbox,
            partition: 1,
            key: Array(self.id.utf8),
            value: Array("{}".utf8),
            headers: [RecordHeader(header, "0")]
        )
    }

    @Test("counts what was forwarded and what moved in the inbox, and lets a rollout go where it moves away")
    func inbox() async throws {
        var settings = DrillSettings(seed: 1, bootstrapServers: "none", workerPath: "none")
        settings.eventPartitionCount = 3
        settings.inboxPartitionCount = 2
        let topics = DrillTopics()
        let places = topics.partitions(settings)
        #expect(places.count { $0.topic == topics.events } == 3)
        #expect(places.count { $0.topic == topics.inbox } == 2 && places.count { $0.topic == topics.journal } == 2)
        let counts = Dictionary(grouping: places, by: \.topic).mapValues(\.count)
        try await KafkaFixture.withMock(topics: counts) { _, properties in
            let producer = try Producer(properties: properties)
            let records = [
                ProducerRecord(topic: topics.events, key: nil, value: Array("{}".utf8)),
                Self.inbox(topics, Forwarding.HeaderName.hops), Self.inbox(topics, Forwarding.HeaderName.moved),
                Self.journal(topics, 0, kind: "start"), Self.journal(topics, 0, kind: "rollout"),
                Self.journal(topics, 0, kind: "moved"), Self.journal(topics, 1, kind: "rollout"),
                Barrier.record(for: TopicPartition(topic: topics.journal, partition: 1)),
                Self.barrier(topics.status), Self.barrier(topics.dead),
            ]
            for result in await producer.sendAll(records) { _ = try result.get() }
            await producer.close()
            let follower = try await TopicFollower(topics, settings, properties)
            let seen = try await follower.finish(within: .seconds(20))
            await follower.close()
            #expect(seen.events == 1 && seen.forwarded == 1 && seen.moved == 1)
            #expect(seen.rollouts.entries.isEmpty && seen.deadLetters.isEmpty)
            let first = seen.journal.filter { $0.partition == 0 }
            #expect(first.map(\.rolloutID) == [nil, Self.id, Self.id])
            #expect(first.map(\.isTerminal) == [false, false, true])
            let second = seen.journal.filter { $0.partition == 1 }
            #expect(second.map(\.isTerminal) == [false])
            #expect(seen.journal.allSatisfy { $0.process == "a" && $0.generation == 3 })
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import CommandTable
import JSON
import Kafka
import Rollouts
import TestSupport
import Testing
import Values

@testable import Commands

/// What the mock cluster can't do: offsets by time, and transactions that end.
@Suite(
    "emit, watch and replay on a genuine Kafka",
    .enabled(if: KafkaFixture.genuineBootstrap != nil, "KAFKA_BOOTSTRAP names no Kafka"),
    .timeLimit(.minutes(2))
)
struct CommandsBrokerTests {
    /// Runs `body` with new topics.
    private func withFixture(partitions: Int = 3, _ body: (CommandFixture) async throws -> Void) async throws {
        try await KafkaFixture.withGenuineTopic(partitionCount: partitions) { properties, events in
            try await KafkaFixture.withGenuineTopic(partitionCount: partitions) { _, status in
                try await KafkaFixture.withGenuineTopic(partitionCount: 1) { _, commands in
                    let access = KafkaAccess(
                        properties: [.init("bootstrap.servers", KafkaFixture.genuineBootstrap ?? "")],
                        eventTopics: [events],
                        statusTopic: status,
                        commandsTopic: commands
                    )
                    try await body(CommandFixture(properties: properties, access: access))
                }
            }
        }
    }

    private func event(_ run: String, at time: Timestamp, topic: String) -> ProducerRecord {
        var draft = EventDraft(
            data: .object([.init("experimentId", .string("e")), .init("runId", .string(run))])
        )
        draft.complete(source: "/test", id: run, time: time)
        var record = draft.record(.binary, topic: topic, key: "m-\(run)")
        record.timestamp = time
        return record
    }

    @Test func replayFindsEventsByTime() async throws {
        try await self.withFixture { bed in
            let topic = bed.access.eventTopics[0]
            let now = Timestamp.now()
            let ages: [(String, Duration)] = [("a", .seconds(7200)), ("b", .seconds(3000)), ("c", .seconds(60))]
            try await bed.send(ages.map { self.event($0.0, at: now.advanced(by: .zero - $0.1), topic: topic) })
            func runs(_ words: String...) async throws -> [String] {
                try await CommandFixture.run(["replay", "--json"] + words, access: bed.access).json.compactMap {
                    $0["run"]?.text
                }
            }
            #expect(try await runs("--since", "1h") == ["b", "c"])
            #expect(try await runs("--since", "1h", "--until", "10m") == ["b"])
            #expect(try await runs("--since", "beginning", "--until", "1h") == ["a"])
            #expect(try await runs("--since", "now") == [])

            let words = [
                "replay", "--since", "3h", "--until", "10m", "--apply", "--reason", "x", "--replay-id", "inc-1",
                "--json", "--no-wait",
            ]
            let first = await CommandFixture.run(words, access: bed.access)
            #expect(try first.json.map { $0["action"]?.text } == ["sent", "sent"])
            #expect(try await bed.records(of: topic).count == 3)
            #expect(try await bed.records(of: bed.access.commandsTopic).count == 2)
        }
    }

    /// Writes one record in a transaction that is committed, and one in a transaction that is aborted.
    private func transact(_ bed: CommandFixture, kept: ProducerRecord, dropped: ProducerRecord) async throws {
        struct NotAborted: Error {}
        let consumer = try Consumer(
            properties: bed.properties,
            settings: ConsumerSettings(groupID: KafkaFixture.uniqueName("group"))
        )
        try await consumer.subscribe([bed.access.eventTopics[0]])
        var probe = KafkaProbe(consumer)
        let partition = try #require(try await probe.assignment().first)
        let membership = try #require(probe.membership)
        let stale = try #require(
            GroupMembership(groupID: membership.groupID, generation: 99, memberID: membership.memberID)
        )
        let producer = try TransactionalProducer(
            properties: bed.properties,
            settings: TransactionSettings(transactionalID: KafkaFixture.uniqueName("writer"))
        )
        try await producer.initTransactions(timeout: .seconds(30))
        let offsets = [partition: Offset(rawValue: 0)]
        let first = await producer.transact(TransactionBatch(records: [kept], offsets: offsets, membership: membership))
        #expect(first == .committed)
        let second = await producer.transact(TransactionBatch(records: [dropped], offsets: offsets, membership: stale))
        guard case .aborted = second else { throw NotAborted() }
        await producer.close()
        await consumer.close()
    }

    @Test func watchShowsOnlyWhatIsCommittedAndKnowsTheEnd() async throws {
        try await self.withFixture(partitions: 1) { bed in
            var kept = StatusSamples.record(1, "deployed", sequence: 1)
            var dropped = StatusSamples.record(2, "failed", sequence: 1)
            (kept.topic, dropped.topic) = (bed.access.statusTopic, bed.access.statusTopic)
            try await self.transact(bed, kept: kept, dropped: dropped)
            let result = await CommandFixture.run(
                ["watch", "--from", "beginning", "--until-idle", "--idle-time", "200ms", "--timeout", "30s"],
                access: bed.access
            )
            #expect(result.status == .success, "\(result.errorText)")
            let phases = try result.json.map { $0["data"]?["phase"]?.text }
            #expect(phases == ["deployed"])
        }
    }

    @Test func replayReadsPastTheMarkersOfTransactions() async throws {
        try await self.withFixture(partitions: 1) { bed in
            let topic = bed.access.eventTopics[0]
            let kept = self.event("kept", at: .now(), topic: topic)
            try await self.transact(bed, kept: kept, dropped: self.event("dropped", at: .now(), topic: topic))
            let result = await CommandFixture.run(["replay", "--since", "1h", "--json"], access: bed.access)
            #expect(result.status == .success, "\(result.errorText)")
            let runs = try result.json.map { $0["run"]?.text }
            #expect(runs == ["kept"])
        }
    }

    @Test func aLimitHoldsBackAReplay() async throws {
        try await self.withFixture { bed in
            let sent = await CommandFixture.run(
                ["emit", "--experiment", "e", "--run", "r-{n}", "--model", "m", "--count", "50"],
                access: bed.access
            )
            #expect(sent.status == .success, "\(sent.errorText)")
            let shown = await CommandFixture.run(["replay", "--model", "m", "--limit", "50"], access: bed.access)
            #expect(shown.status == .success, "\(shown.errorText)")
            let refused = await CommandFixture.run(["replay", "--model", "m", "--limit", "49"], access: bed.access)
            #expect(refused.status == .failure)
            #expect(refused.errorText.contains("more than 49 events match"))
        }
    }
}

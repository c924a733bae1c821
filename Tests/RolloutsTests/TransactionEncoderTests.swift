// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing
import Values

@testable import Rollouts

/// What each kind of entry becomes on the topics.
struct TransactionEncoderTests {
    private let lease = Lease(.inbox(5), epoch: 1)
    private let record = OriginalRecord(
        origin: Origin(topic: "events", partition: 3, offset: 42),
        timestamp: wall(7),
        key: [1],
        value: Array(String(repeating: "x", count: 300).utf8)
    )
    private let reason = DeadLetterReason(.truncated, "the text ends")

    private func encode(
        _ entries: [TransactionEntry],
        records: Int = 100_000,
        inbox: Int = 100_000
    ) throws
        -> EncodedTransaction
    {
        let encoder = Self.encoder(records: records, inbox: inbox)
        let membership = try #require(GroupMembership(groupID: "g", generation: 8, memberID: "m"))
        return encoder.encode(
            Transaction(id: TransactionID(number: 1), entries: entries, offsets: [:], membership: membership)
        )
    }

    private static func encoder(records: Int = 100_000, inbox: Int = 100_000) -> TransactionEncoder {
        TransactionEncoder(
            topics: TopicNames(events: ["events"], inbox: "inbox", journal: "journal", status: "status", dead: "dead"),
            process: "slipway-group-1",
            source: "/slipway/group",
            endpointURL: "https://models",
            limits: TransactionEncoder.Limits(records: records, inbox: inbox)
        )
    }

    private func entry(_ content: TransactionEntry.Content) -> TransactionEntry {
        TransactionEntry(content, writer: self.lease)
    }

    /// Topic and partition of each record, such as `journal-5`; a topic without one is partitioned by key.
    private func places(_ contents: TransactionEntry.Content...) throws -> [String] {
        try self.encode(contents.map(self.entry)).records.map { record in
            record.partition.map { "\(record.topic)-\($0.rawValue)" } ?? record.topic
        }
    }

    private func step(
        publishes: Bool = false,
        lane: LaneState? = nil,
        reportsOrphans: Bool = false
    )
        -> TransactionEntry.Content
    {
        .step(
            Coordinator.Record(
                ticket: 1,
                partition: 5,
                rollout: .sample(1, partition: 5),
                publishes: publishes,
                lane: lane,
                reportsOrphans: reportsOrphans
            )
        )
    }

    private var forwarded: ForwardedEvent {
        ForwardedEvent(record: self.record, id: RolloutID(1), owner: 2, time: wall(9))
    }

    @Test func anAcceptedEventIsJournalledAndTold() throws {
        // The journal partition is the lease's own, not that of the event.
        #expect(try self.places(.accepted(.sample(1, partition: 5), of: self.record)) == ["journal-5", "status"])
    }

    @Test func aStepIsJournalledAndToldWhereItIsNews() throws {
        let lane = LaneState(projectID: "p", modelName: "m", newestDeployed: RunFacts.sample(1).order, live: nil)
        #expect(try self.places(self.step()) == ["journal-5"])
        #expect(try self.places(self.step(publishes: true)) == ["journal-5", "status"])
        #expect(try self.places(self.step(publishes: true, lane: lane)) == ["journal-5", "journal-5", "status"])
        #expect(try self.places(self.step(reportsOrphans: true)) == ["journal-5", "status"])
    }

    @Test func aMoveIsJournalledHereAndWrittenToItsOwnersInbox() throws {
        let move = Coordinator.Move(ticket: 1, rollout: .sample(1, partition: 5), to: 2)
        let encoded = try self.encode([self.entry(.movedOut(move))])
        #expect(encoded.records.map(\.topic) == ["journal", "inbox"])
        #expect(encoded.records.map(\.partition) == [5, 2])
        #expect(encoded.records[0].headers.first { $0.name == JournalRecord.HeaderName.kind }?.text == "moved")
        #expect(encoded.records[0].key == encoded.records[1].key)
    }

    @Test func aRolloutThatMovedInIsToldOnlyWhereItEnds() throws {
        var ended = RolloutState.sample(1, partition: 5)
        ended.enter(.failed, at: wall(1), cause: Cause(.recordTooLarge, "too large"))
        #expect(try self.places(.movedIn(.sample(1, partition: 5))) == ["journal-5"])
        #expect(try self.places(.movedIn(ended)) == ["journal-5", "status"])
    }

    @Test func aDeadLetterGoesToItsTopicAlone() throws {
        #expect(try self.places(.dead(self.record, self.reason, at: wall(1), maximumBytes: 9_000)) == ["dead"])
    }

    @Test func aForwardedEventGoesToItsOwnersInboxAlone() throws {
        let encoded = try self.encode([TransactionEntry(.forwarded(self.forwarded, maximumDeadBytes: 9_000))])
        #expect(encoded.records.map(\.topic) == ["inbox"])
        #expect(encoded.records.map(\.partition) == [2])
        #expect(encoded.records.first?.value == self.record.value)
        #expect(encoded.records.first?.timestamp == wall(9))
    }

    @Test func whatIsForgottenIsATombstoneEach() throws {
        let forgetting = Coordinator.Forgetting(ticket: 1, partition: 5, ids: [RolloutID(1), RolloutID(2)])
        let encoded = try self.encode([self.entry(.forgotten(forgetting))])
        #expect(encoded.records.map(\.partition) == [5, 5])
        #expect(encoded.records.allSatisfy { $0.topic == "journal" && $0.value == nil })
    }

    @Test func aStartIsJournalledAndPositionsAndRepeatedEventsWriteNothing() throws {
        let start = StartRecord(partitionCount: 6, group: "g", workbench: "w")
        #expect(try self.places(.start(start), .position, .repeated(count: 1)) == ["journal-5"])
    }

    @Test func everyJournalRecordNamesItsWriter() throws {
        let encoded = try self.encode([self.entry(self.step()), self.entry(.accepted(.sample(), of: self.record))])
        for record in encoded.records where record.topic == "journal" {
            #expect(record.headers.first { $0.name == JournalRecord.HeaderName.process }?.text == "slipway-group-1")
            #expect(record.headers.first { $0.name == JournalRecord.HeaderName.generation }?.text == "8")
        }
    }

    @Test func whereAModelServesIsToldOnceItIsUp() throws {
        var state = RolloutState.sample(1, partition: 5)
        state.run = .sample(1)
        for (phase, isTold) in [(Phase.building, false), (.deploying, false), (.verifying, true), (.deployed, true)] {
            state.enter(phase, at: wall(1))
            let record = Coordinator.Record(ticket: 1, partition: 5, rollout: state, publishes: true)
            let status = try #require(try self.encode([self.entry(.step(record))]).records.last)
            let text = String(decoding: status.value ?? [], as: UTF8.self)
            #expect(text.contains("https://models") == isTold)
        }
    }

    @Test(arguments: ["journal", "inbox"])
    func aBarrierWhereWorkersReadIsATombstone(topic: String) {
        let record = Self.encoder().barrier(for: TopicPartition(topic: topic, partition: 7), at: wall(1))
        #expect(record.topic == topic && record.partition == 7 && record.key == Barrier.key && record.value == nil)
    }

    @Test(arguments: ["status", "dead"])
    func aBarrierWhereOthersReadIsAnEventOfItsOwnType(topic: String) throws {
        let record = Self.encoder().barrier(for: TopicPartition(topic: topic, partition: 7), at: wall(1))
        #expect(record.topic == topic && record.partition == 7 && record.key == Barrier.key)
        let headers = Dictionary(uniqueKeysWithValues: record.headers.map { ($0.name, $0.text ?? "") })
        #expect(headers["ce_specversion"] == "1.0" && headers["ce_type"] == "dev.slipway.transaction.settled.v1")
        #expect(headers["ce_source"] == "/slipway/group" && headers["content-type"] == "application/json")
        #expect(headers["ce_id"] == "slipway-group-1-\(topic)-7-1970-01-01T00:00:00.001Z")
        let json = try JSONValue(parsing: try #require(record.value))
        #expect(json["topic"]?.text == topic && json["partition"]?.wholeNumber == 7)
        #expect(json["message"]?.text?.hasSuffix("Nothing is to be done.") == true)
        #expect(StatusEvent.decode(headers: record.headers, value: record.value) == nil)
        #expect(CommandStatus.decode(headers: record.headers, value: record.value) == nil)
    }

    @Test func recordsKnowTheirEntriesAndOversizedEntriesAreNamed() throws {
        let entries = [
            self.entry(.repeated(count: 1)), self.entry(.accepted(.sample(1, partition: 5), of: self.record)),
            TransactionEntry(.forwarded(self.forwarded, maximumDeadBytes: 9_000)),
            self.entry(.dead(self.record, self.reason, at: wall(1), maximumBytes: 9_000)),
        ]
        #expect(try self.encode(entries).owners == [1, 1, 2, 3])
        #expect(try self.encode(entries).oversized == [])
        #expect(try self.encode(entries, records: 300).oversized == [1])
        // A dead letter is cut where it is made, so it never counts as too large.
        #expect(try self.encode(entries, records: 300, inbox: 300).oversized == [1, 2])
    }
}

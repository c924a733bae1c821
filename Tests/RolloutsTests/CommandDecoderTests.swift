// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// What is read from the commands topic, and what becomes of what can't be.
struct CommandDecoderTests {
    private static let order = ReplayOrder(
        replay: Replay(id: "inc-42", reason: "why", allowsRollback: true),
        record: ConsumedRecord(
            topicPartition: TopicPartition("events", 3),
            offset: 42,
            timestamp: wall(1),
            key: [0xFF, 0x00],
            value: Array(EventSamples.data.utf8),
            headers: [RecordHeader("a", "text"), RecordHeader("b", [0xC0]), RecordHeader("c", nil)]
        )
    )
    private static let command = OperatorCommand(
        head: CommandHead(id: "c-1", kind: "replay", who: "ann@host", reason: "why"),
        time: wall(2),
        kind: .replay(order)
    )

    private func read(_ record: ProducerRecord) -> ConsumedRecord {
        ConsumedRecord(
            topicPartition: TopicPartition("commands", 0),
            offset: 5,
            key: record.key,
            value: record.value,
            headers: record.headers
        )
    }

    private func read(_ text: String, type: String = "dev.slipway.command.replay.v1") -> ConsumedRecord {
        let headers = [
            RecordHeader("ce_specversion", "1.0"), RecordHeader("ce_type", type), RecordHeader("ce_source", "/x"),
            RecordHeader("ce_id", "c-1"),
        ]
        return self.read(ProducerRecord(topic: "commands", key: nil, value: Array(text.utf8), headers: headers))
    }

    private func refusal(_ record: ConsumedRecord) -> (CommandHead, CommandRefusal)? {
        guard case .refused(let head, let refusal) = CommandDecoder.decode(record) else { return nil }
        return (head, refusal)
    }

    @Test func whatIsWrittenIsReadTextOrNot() {
        let record = self.read(CommandEncoder.record(Self.command, topic: "commands"))
        #expect(CommandDecoder.decode(record) == .command(Self.command))
    }

    @Test func aStructuredCommandIsRead() throws {
        let written = CommandEncoder.record(Self.command, topic: "commands")
        let data = String(decoding: try #require(written.value), as: UTF8.self)
        let text =
            #"{"specversion":"1.0","type":"dev.slipway.command.replay.v1","source":"/x","id":"c-1","#
            + #""time":"\#(wall(2))","data":\#(data)}"#
        let record = self.read(ProducerRecord(topic: "commands", key: nil, value: Array(text.utf8)))
        #expect(CommandDecoder.decode(record) == .command(Self.command))
    }

    @Test func anUnknownKindIsNamed() throws {
        let (head, refusal) = try #require(self.refusal(self.read("{}", type: "dev.slipway.command.dance.v1")))
        #expect(head == CommandHead(id: "c-1", kind: "dance"))
        #expect(refusal.class == .unknownCommand)
        #expect(refusal.message.contains("'dance'"))
    }

    @Test(arguments: [
        "", "{", "[]", #"{"replayId":"a/b"}"#, #"{"replayId":"a"}"#, #"{"replayId":"a","allowRollback":1}"#,
        #"{"replayId":"a","record":{}}"#, #"{"replayId":"a","record":{"topic":"e","partition":-1,"offset":0}}"#,
        #"{"replayId":"a","record":{"topic":"e","partition":0,"offset":0,"timestamp":9e18}}"#,
        #"{"replayId":"a","record":{"topic":"e","partition":0,"offset":0,"value":{"base64":"?"}}}"#,
        #"{"replayId":"a","who":"line\nbreak"}"#,
    ])
    func aDamagedCommandIsRefusedWithItsReason(text: String) throws {
        let (head, refusal) = try #require(self.refusal(self.read(text)))
        #expect(refusal.class == .malformedCommand)
        #expect(!refusal.message.isEmpty && !head.id.isEmpty)
    }

    /// Without an id it is named by its place.
    @Test func whatHasNoIdIsNamedByItsPlace() throws {
        let record = self.read(ProducerRecord(topic: "commands", key: nil, value: Array("{}".utf8)))
        #expect(try #require(self.refusal(record)).0.id == "commands/0/5")
    }

    // MARK: What it means

    private let intake = Intake(
        Intake.Settings(routes: Routes([]), defaultProjectID: nil, workbench: "w", inboxPartitions: 24)
    )

    @Test func itsRolloutIsThatOfTheEventWithTheReplay() throws {
        let entry = self.intake.command(
            self.read(CommandEncoder.record(Self.command, topic: "commands")),
            eventTopics: ["events"],
            now: wall(3)
        )
        guard case .rollout(let state) = entry.decision else { throw Missing() }
        var event = try EventDecoder.decode(OriginalRecord(Self.order.record)).get()
        event.replay = Self.order.replay
        #expect(state.id == RolloutID(of: event, workspace: "w"))
        #expect(state.replay == Self.order.replay && state.origin == event.origin)
        #expect(entry.owner == state.partition && entry.offset == 5)
    }

    @Test func anEventOfAnotherTopicIsRefused() throws {
        let entry = self.intake.command(
            self.read(CommandEncoder.record(Self.command, topic: "commands")),
            eventTopics: ["others"],
            now: wall(3)
        )
        guard case .refused(let refusal) = entry.decision else { throw Missing() }
        #expect(refusal.class == .unknownTopic)
        #expect(refusal.message == "the event stood on topic 'events', must be one of 'others'")
        #expect(entry.owner == Ownership.owner(of: "c-1", count: 24))
    }

    @Test func theOutcomeIsReadBack() throws {
        let outcome = CommandOutcome(
            head: Self.command.head,
            result: .refused(CommandRefusal(.unknownTopic, "no")),
            partition: 3,
            time: wall(4)
        )
        let record = outcome.record(source: "/slipway/g", topic: "status")
        #expect(record.key == Array("c-1".utf8))
        #expect(record.headers.contains(RecordHeader("ce_type", "dev.slipway.command.replay.refused.v1")))
        let status = try #require(CommandStatus.decode(headers: record.headers, value: record.value))
        #expect(status.commandID == "c-1" && status.outcome == "refused" && status.who == "ann@host")
        #expect(status.cause?.class == "unknownTopic" && status.cause?.nextStep?.isEmpty == false)
        #expect(StatusEvent.decode(headers: record.headers, value: record.value) == nil)
    }

    private struct Missing: Error {}
}

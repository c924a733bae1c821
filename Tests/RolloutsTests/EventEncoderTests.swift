// SPDX-License-Identifier: Apache-2.0

import JSON
import Rollouts
import Testing
import Values

@Suite struct EventEncoderTests {
    private let origin = Origin(topic: "events", partition: 3, offset: 42)
    private let replay = Replay(id: "rp-1", reason: "new base image", allowsRollback: true)

    /// What a worker meets when the record is written.
    private func met(_ record: ProducerRecord, offset: Offset = 42) -> ConsumedRecord {
        ConsumedRecord(
            topicPartition: TopicPartition("events", 3),
            offset: offset,
            timestamp: wall(9_999),
            key: record.key,
            value: record.value,
            headers: record.headers
        )
    }

    @Test func writtenEventReadsBackAsItself() throws {
        let full = try EventSamples.event(EventSamples.record(EventSamples.fullData)).data
        for data in [RunFinishedData(run: RunReference(experimentName: "é \"x\"")), full] {
            var event = RunFinishedEvent(
                source: "/cli",
                id: "7",
                time: wall(1_770_091_506_789),
                subject: "r-1",
                partitionKey: "churn-model",
                data: data,
                origin: self.origin
            )
            #expect(try EventSamples.event(self.met(EventEncoder.record(event, topic: "events"))) == event)
            event.replay = self.replay
            event.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            #expect(try EventSamples.event(self.met(EventEncoder.record(event, topic: "events"))) == event)
        }
    }

    @Test func keyIsThePartitionKeyElseTheModelName() {
        var event = RunFinishedEvent(
            source: "s",
            id: "i",
            time: nil,
            data: RunFinishedData(run: RunReference(experimentID: "e")),
            origin: self.origin
        )
        #expect(EventEncoder.record(event, topic: "events").key == nil)
        event.data.model.name = "m"
        #expect(EventEncoder.record(event, topic: "events").key == Array("m".utf8))
        event.partitionKey = "p"
        #expect(EventEncoder.record(event, topic: "events").key == Array("p".utf8))
    }

    @Test func binaryEventIsReplayedWithAllThatItSaid() throws {
        let headers =
            EventSamples.headers + [RecordHeader("ce_team", "risk"), RecordHeader("ce_slipwayreplayid", "older")]
        let record = EventSamples.record(EventSamples.fullData, headers: headers)
        let again = try EventEncoder.replayed(record, self.replay, topic: "events")
        #expect(again.value == record.value)
        #expect(again.headers.contains(RecordHeader("ce_team", "risk")))
        let event = try EventSamples.event(self.met(again))
        #expect(event.replay == self.replay)
        #expect(event.id == "event-1")
    }

    @Test func structuredEventIsReplayedWithAllThatItSaid() throws {
        let record = EventSamples.structured(
            #""team":"risk","slipwayreplayid":"older","data":\#(EventSamples.fullData)"#
        )
        let again = try EventEncoder.replayed(record, self.replay, topic: "events")
        let event = try EventSamples.event(self.met(again))
        var wanted = try EventSamples.event(record)
        wanted.replay = self.replay
        wanted.time = event.time
        #expect(event == wanted)
        let json = try JSONValue(parsing: again.value ?? [])
        #expect(json["team"] == .string("risk"))
        #expect(json["data"]?["unknown"] == .array([.integer(1), .object([.init("a", .null)])]))
    }

    @Test func plainEventIsReplayedAsTheSameEventEachTime() throws {
        let record = EventSamples.record(#"{"experimentName":"e","projectId":"p"}"#)
        let first = try EventEncoder.replayed(record, self.replay, topic: "events")
        let event = try EventSamples.event(self.met(first, offset: 100))
        #expect(event.isCloudEvent)
        #expect(event.source == "/kafka/events")
        #expect(event.id == "3-42")
        let second = try EventSamples.event(
            self.met(try EventEncoder.replayed(record, self.replay, topic: "events"), offset: 101)
        )
        #expect(RolloutID(of: event, workspace: "w") == RolloutID(of: second, workspace: "w"))
    }

    @Test func replayWithAnUnfitReasonOrOfNoEventIsRefused() {
        let record = EventSamples.record(EventSamples.data, headers: EventSamples.headers)
        #expect(throws: DeadLetterReason.self) {
            try EventEncoder.replayed(record, Replay(id: "a", reason: "two\nlines"), topic: "events")
        }
        #expect(throws: DeadLetterReason.self) {
            try EventEncoder.replayed(record, Replay(id: "a b", reason: "x"), topic: "events")
        }
        #expect(throws: DeadLetterReason.self) {
            try EventEncoder.replayed(EventSamples.record(nil), self.replay, topic: "events")
        }
    }
}

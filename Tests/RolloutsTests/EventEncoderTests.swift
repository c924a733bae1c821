// SPDX-License-Identifier: Apache-2.0

import JSON
import Rollouts
import Testing
import Values

@Suite struct EventEncoderTests {
    private let origin = Origin(topic: "events", partition: 3, offset: 42)

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
        var full = try EventSamples.event(EventSamples.record(EventSamples.fullData)).data
        #expect(full.unknownFields.count > 0)
        full.unknownFields = []
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
}

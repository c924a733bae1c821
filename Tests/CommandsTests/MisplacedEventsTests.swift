// SPDX-License-Identifier: Apache-2.0

import CommandTable
import JSON
import Kafka
import Rollouts
import TestSupport
import Testing
import Values

@testable import Commands

/// `topics check` names the producers whose events workers have to forward.
@Suite(.timeLimit(.minutes(1)))
struct MisplacedEventsTests {
    private func event(_ number: Int, source: String) -> ConsumedRecord {
        var draft = EventDraft(
            data: .object([.init("experimentId", .string("e")), .init("runId", .string("r\(number)"))])
        )
        draft.complete(source: source, id: "\(number)", time: .now())
        let record = draft.record(.binary, topic: "events", key: "m")
        return ConsumedRecord(
            topicPartition: TopicPartition("events", 0),
            offset: Offset(rawValue: Int64(number)),
            timestamp: nil,
            key: record.key,
            value: record.value,
            headers: record.headers
        )
    }

    private func forwarded(_ record: ConsumedRecord) -> ConsumedRecord {
        let copy = Forwarding.record(record, to: TopicPartition("events", 1))
        return ConsumedRecord(
            topicPartition: TopicPartition("events", 1),
            offset: 0,
            timestamp: nil,
            key: copy.key,
            value: copy.value,
            headers: copy.headers
        )
    }

    @Test func eachSourceIsNamedWithItsCount() {
        var found = MisplacedEvents()
        for number in 0..<10 {
            let record = self.event(number, source: number < 3 ? "/jobs/train" : "/jobs/\(number % 2)")
            found.add(record)
            if number < 4 { found.add(self.forwarded(record)) }
        }
        let finding = found.finding("events")
        #expect(finding?.kind == .advice)
        #expect(finding?.isProblem == false)
        #expect(finding?.message.contains("of the newest 10 events 4 came to another partition") == true)
        #expect(finding?.message.contains("3 from '/jobs/train', 1 from '/jobs/1'") == true)
    }

    @Test func nothingIsSaidWhereAllStandWhereTheyBelong() {
        var found = MisplacedEvents()
        found.add(self.event(1, source: "/jobs/train"))
        #expect(found.finding("events") == nil)
    }

    @Test(arguments: [0, 3])
    func theEndOfEachPartitionIsRead(_ misplaced: Int) async throws {
        try await CommandFixture.with { bed in
            let records = (0..<3).map { self.event($0, source: "/jobs/\($0)") }
            let copies = records.prefix(misplaced).map { self.forwarded($0) }
            try await bed.send(
                (records + copies).enumerated().map { index, record in
                    ProducerRecord(
                        topic: CommandFixture.eventsTopic,
                        partition: Partition(rawValue: Int32(index % 3)),
                        key: record.key,
                        value: record.value,
                        headers: record.headers.map { RecordHeader($0.name, $0.value) }
                    )
                }
            )
            let topic = try await bed.access.topic(CommandFixture.eventsTopic)
            let finding = try await MisplacedEvents.finding(in: topic, bed.properties)
            #expect((finding != nil) == (misplaced > 0))
            if misplaced > 0 { #expect(finding?.message.contains("of the newest 3 events 3 came") == true) }
        }
    }
}

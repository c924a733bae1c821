// SPDX-License-Identifier: Apache-2.0

import JSON
import Rollouts
import Testing
import Values

@Suite struct DeadLetterTests {
    private let reason = DeadLetterReason(.truncated, "the text ends: expected a value at byte 7")

    private func letter(_ record: ConsumedRecord, maximumBytes: Int = 1_000_000) -> ProducerRecord {
        self.letter(OriginalRecord(record), maximumBytes: maximumBytes)
    }

    private func letter(_ record: OriginalRecord, maximumBytes: Int = 1_000_000) -> ProducerRecord {
        DeadLetter.record(
            record,
            reason: self.reason,
            time: wall(1_770_091_506_789),
            topic: "dead",
            maximumBytes: maximumBytes
        )
    }

    private func header(_ name: String, _ record: ProducerRecord) -> String? {
        record.headers.first { $0.name == name }?.text
    }

    @Test func originalBytesAndHeadersAreKept() throws {
        let record = EventSamples.record([0xFF, 0x00], headers: [RecordHeader("a", [0xFE]), RecordHeader("b", nil)])
        let letter = self.letter(record)
        #expect(letter.topic == "dead")
        #expect(letter.key == record.key)
        #expect(letter.value == [0xFF, 0x00])
        #expect(Array(letter.headers.prefix(2)) == record.headers)
        let note = try #require(DeadLetterNote(headers: letter.headers))
        #expect(note.class == "truncated")
        #expect(note.reason == self.reason.message)
        #expect(note.nextStep == self.reason.nextStep)
        #expect(note.time == wall(1_770_091_506_789))
        #expect(note.origin == Origin(topic: "events", partition: 3, offset: 42))
    }

    /// A compacted topic would refuse it.
    @Test func theOriginIsTheKeyOfAnEventThatHasNone() {
        var record = EventSamples.record("{")
        record.key = nil
        let letter = self.letter(record)
        #expect(letter.key == Array("events/3/42".utf8))
        #expect(self.header(DeadLetter.HeaderName.key, letter) == "origin")
        #expect(self.header(DeadLetter.HeaderName.key, self.letter(EventSamples.record("{"))) == nil)
    }

    @Test func tombstoneStaysOne() {
        #expect(self.letter(EventSamples.record(nil)).value == nil)
    }

    @Test func forwardedRecordIsKeptWithItsFirstPlaceOnly() {
        guard case .event(let met) = InboxRecord(EventSamples.forwarded(EventSamples.record("{"))) else {
            Issue.record("it is not read as an event")
            return
        }
        let letter = self.letter(met)
        #expect(!letter.headers.contains { $0.name == Forwarding.HeaderName.hops })
        #expect(letter.key == Array("churn-model".utf8))
        #expect(DeadLetterNote(headers: letter.headers)?.origin == Origin(topic: "events", partition: 3, offset: 42))
        #expect(letter.headers.filter { $0.name == Forwarding.HeaderName.originOffset }.count == 1)
    }

    @Test func whatDoesNotFitIsReplacedByItsHash() throws {
        let large = [UInt8](repeating: UInt8(ascii: "x"), count: 5000)
        let letter = self.letter(EventSamples.record(large, headers: [RecordHeader("a", "b")]), maximumBytes: 4000)
        #expect(letter.maximumSizeBytes <= 4000)
        #expect(self.header(DeadLetter.HeaderName.omitted, letter) == "value")
        #expect(self.header("a", letter) == "b")
        #expect(letter.key == Array("churn-model".utf8))
        let body = try JSONValue(parsing: letter.value ?? [])
        #expect(body["value"]?["bytes"] == .integer(5000))
        #expect(body["value"]?["sha256"]?.text?.count == 64)

        var record = EventSamples.record(large, headers: [RecordHeader("a", large)])
        record.key = large
        let least = self.letter(record, maximumBytes: 4000)
        #expect(least.maximumSizeBytes <= 4000)
        #expect(self.header(DeadLetter.HeaderName.omitted, least) == "all")
        #expect(least.key == Array("events/3/42".utf8))
        #expect(DeadLetterNote(headers: least.headers)?.class == "truncated")
    }

    @Test func otherRecordsAreNoDeadLetters() {
        #expect(DeadLetterNote(headers: EventSamples.headers) == nil)
    }
}

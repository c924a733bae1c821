// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Testing
import Values

/// Whatever arrives has one outcome, and never ends the process.
@Suite struct EventFuzzTests {
    /// Seeded, so that a failure can be seen again.
    private struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            self.state &+= 0x9E37_79B9_7F4A_7C15
            var word = self.state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }

    /// Checks all that must hold of any record, and says whether it is an event.
    private func outcome(_ record: ConsumedRecord) -> Bool {
        switch EventDecoder.decode(OriginalRecord(record)) {
        case .success(let event):
            let rules = [Route(name: "all", runtime: .identifier("image"))]
            let decision = Routes(rules).decide(event, defaultProjectID: "p")
            if case .plan(let plan) = decision { #expect(ModelName.problem(in: plan.modelName) == nil) }
            let again = EventEncoder.record(event, topic: "events")
            if event.isCloudEvent {
                let met = ConsumedRecord(
                    topicPartition: TopicPartition(event.origin.topic, event.origin.partition),
                    offset: event.origin.offset,
                    value: again.value,
                    headers: again.headers
                )
                // All that is kept of an event can be written, and reads back as the same identity.
                let read = try? EventDecoder.decode(OriginalRecord(met)).get()
                #expect(read.map { RolloutID(of: $0, workspace: "w") } == RolloutID(of: event, workspace: "w"))
            }
            return true
        case .failure(let reason):
            #expect(reason.message.utf8.count <= 300)
            let letter = DeadLetter.record(
                OriginalRecord(record),
                reason: reason,
                time: wall(0),
                topic: "dead",
                maximumBytes: 1_000_000
            )
            #expect(DeadLetterNote(headers: letter.headers)?.class == reason.class.rawValue)
            return false
        }
    }

    @Test func randomBytesAreNoEvents() {
        var random = Random(state: 1)
        for length in 0..<2000 {
            let bytes = (0..<(length % 200)).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(!self.outcome(EventSamples.record(bytes)))
            #expect(!self.outcome(EventSamples.record(bytes, headers: EventSamples.headers)))
        }
    }

    @Test func mutatedEventsHaveOneOutcome() {
        var random = Random(state: 2)
        let structured = EventSamples.structured(#""data":\#(EventSamples.fullData)"#)
        let seeds = [
            EventSamples.record(EventSamples.fullData, headers: EventSamples.headers),
            EventSamples.record(EventSamples.fullData), structured,
        ]
        var taken = 0
        for round in 0..<6000 {
            var record = seeds[round % seeds.count]
            var bytes = record.value ?? []
            for _ in 0..<Int.random(in: 1...3, using: &random) { Self.mutate(&bytes, &random) }
            record.value = bytes
            if round % 5 == 0, !record.headers.isEmpty {
                let index = Int.random(in: 0..<record.headers.count, using: &random)
                var value = record.headers[index].value ?? []
                Self.mutate(&value, &random)
                record.headers[index].value = value
            }
            if self.outcome(record) { taken += 1 }
        }
        // Many mutations hit a text or an unknown field and harm nothing.
        #expect(taken > 500 && taken < 5500)
    }

    private static func mutate(_ bytes: inout [UInt8], _ random: inout Random) {
        guard !bytes.isEmpty else { return bytes.append(UInt8.random(in: 0...255, using: &random)) }
        let index = Int.random(in: 0..<bytes.count, using: &random)
        let marks = Array("{}[]\",:\\/.0-9eEtfn\u{0}".utf8)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: index)
        case 2: bytes.insert(marks[Int.random(in: 0..<marks.count, using: &random)], at: index)
        case 3: bytes.removeSubrange(index...)
        case 4: bytes.insert(contentsOf: bytes[index..<min(index + 20, bytes.count)], at: index)
        default: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
    }

    @Test func truncatedEventsAreNoEvents() {
        let bytes = Array(EventSamples.fullData.utf8)
        for length in 0..<(bytes.count - 1) {
            #expect(!self.outcome(EventSamples.record(Array(bytes.prefix(length)))))
        }
    }
}

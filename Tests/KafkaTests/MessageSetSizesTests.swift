// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Kafka

@Suite struct MessageSetSizesTests {
    private func record(_ topic: String, partition: Partition? = nil, bytes: Int) -> ProducerRecord {
        ProducerRecord(topic: topic, partition: partition, key: nil, value: Array(repeating: 0, count: bytes))
    }

    @Test func aPartitionIsFullBeforeItsSecondMessageSetBegins() {
        var sizes = MessageSetSizes()
        let large = self.record("journal", partition: 0, bytes: 400_000)
        let fullness = (0..<5).map { _ in sizes.isFull(with: large) }
        #expect(fullness == [false, false, true, false, true])
    }

    @Test func partitionsAndTopicsCountByThemselves() {
        var sizes = MessageSetSizes()
        let records = [
            self.record("journal", partition: 0, bytes: 800_000), self.record("journal", partition: 1, bytes: 800_000),
            self.record("status", bytes: 800_000),
        ]
        for record in records {
            let isFull = sizes.isFull(with: record)
            #expect(!isFull)
        }
        // All of them are acknowledged then.
        let isFull = sizes.isFull(with: records[0])
        #expect(isFull)
        for record in records.dropFirst() {
            let isFull = sizes.isFull(with: record)
            #expect(!isFull)
        }
    }

    @Test func whatIsLargerThanASetByItselfWaitsForWhatCameBeforeItAlone() {
        var sizes = MessageSetSizes()
        let huge = self.record("status", bytes: 5_000_000)
        let first = sizes.isFull(with: huge)
        let second = sizes.isFull(with: huge)
        #expect(!first && second)
    }
}

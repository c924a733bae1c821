// SPDX-License-Identifier: Apache-2.0

import Kafka
import Testing
import Values

@testable import Worker

/// What stands beside committed offsets, and what they are worth.
@Suite struct ReadMarksTests {
    private let partition = TopicPartition("events", 3)

    private func committed(_ offset: Int64, _ note: String = ReadMarks.note) -> CommittedOffset {
        CommittedOffset(offset: Offset(rawValue: offset), note: note)
    }

    @Test(arguments: ["", "slipwayish", "consumer"])
    func anOffsetOfSomebodyElseCountsWhereNothingBetterIsKnown(note: String) {
        let marks = ReadMarks()
        #expect(marks.judge(self.partition, self.committed(9, note)) == .foreign(readFrom: 9))
        marks.committed([self.partition: 4])
        #expect(marks.judge(self.partition, self.committed(9, note)) == .foreign(readFrom: 4))
        // Set back: read again, and known.
        #expect(marks.judge(self.partition, self.committed(1, note)) == .foreign(readFrom: 1))
    }

    @Test func anotherWorkersOffsetOutranksWhatThisOneKnew() {
        let marks = ReadMarks()
        marks.committed([self.partition: 4])
        #expect(marks.judge(self.partition, self.committed(9)) == .ours)
        #expect(marks.judge(self.partition, self.committed(12, "")) == .foreign(readFrom: 9))
    }

    @Test func anOffsetThatIsGoneIsToldOnce() {
        let marks = ReadMarks()
        #expect(!marks.isGone(self.partition), "it never had one")
        #expect(marks.judge(self.partition, self.committed(9)) == .ours)
        #expect(marks.isGone(self.partition))
        #expect(!marks.isGone(self.partition))
    }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Kafka

@Suite("Who paused which partition")
struct PauseLedgerTests {
    private let first = TopicPartition("t", 0)
    private let second = TopicPartition("t", 1)

    private func ledger() -> PauseLedger {
        var ledger = PauseLedger()
        ledger.assign([self.first, self.second])
        return ledger
    }

    @Test func assignedPartitionsArePausedAlready() {
        var ledger = self.ledger()
        #expect(ledger.pause([self.first]) == [])
        #expect(ledger.stopFlow() == [])
    }

    @Test func onlyWhatTheApplicationPausedIsResumed() {
        var ledger = self.ledger()
        #expect(ledger.resume([self.first]) == [self.first])
        #expect(ledger.resume([self.first]) == [])
    }

    @Test func flowResumesOnlyWhatItPausedItself() {
        var ledger = self.ledger()
        _ = ledger.resume([self.first])
        #expect(ledger.stopFlow() == [self.first])
        #expect(ledger.stopFlow() == [])
        #expect(ledger.startFlow() == [self.first])
        #expect(ledger.startFlow() == [])
    }

    @Test func aPauseByTheApplicationOutlivesTheFlows() {
        var ledger = self.ledger()
        _ = ledger.resume([self.first])
        _ = ledger.stopFlow()
        #expect(ledger.pause([self.first]) == [])
        #expect(ledger.startFlow() == [])
        #expect(ledger.resume([self.first]) == [self.first])
    }

    @Test func aResumeWhileTheFlowIsStoppedWaitsForIt() {
        var ledger = self.ledger()
        _ = ledger.stopFlow()
        #expect(ledger.resume([self.second]) == [])
        #expect(ledger.startFlow() == [self.second])
    }

    @Test func whatIsGoneIsForgotten() {
        var ledger = self.ledger()
        _ = ledger.resume([self.first])
        _ = ledger.stopFlow()
        ledger.unassign([self.first])
        #expect(ledger.startFlow() == [])
        #expect(ledger.assigned == [self.second])
    }

    @Test(arguments: [
        "topic.a [3]: offset reset (at offset 12, broker 1) to BEGINNING: fetch failed: Broker: Offset out of range",
        "[thrd:main]: topic.a [3]: offset reset (at offset 12 (leader epoch 4), broker 1) to cached BEGINNING offset 40: "
            + "fetch failed due to requested offset not available on the broker: Broker: Offset out of range",
    ])
    func theLogLineOfALostPositionIsUnderstood(line: String) throws {
        let (partition, offset) = try #require(OffsetResetLine.parse(line))
        #expect(partition == TopicPartition("topic.a", 3))
        #expect(offset == Offset(rawValue: 12))
    }
}

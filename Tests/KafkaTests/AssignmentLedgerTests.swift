// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Kafka

@Suite("What librdkafka is told about partitions")
struct AssignmentLedgerTests {
    private let first = TopicPartition("t", 0)
    private let second = TopicPartition("t", 1)

    private func ledger(started: Bool = true) -> AssignmentLedger {
        var ledger = AssignmentLedger()
        ledger.assign([self.first])
        if started { _ = ledger.arrived(self.first, Offset(rawValue: 5)) }
        return ledger
    }

    /// Does what the ledger's pending commands say, as librdkafka would.
    private func settle(_ ledger: inout AssignmentLedger) -> AssignmentLedger.Commands {
        let commands = ledger.pendingCommands
        ledger.paused(commands.pause)
        for partition in commands.seek.keys { ledger.sought(partition) }
        ledger.resumed(commands.resume)
        return commands
    }

    @Test func nothingIsToldBeforeSomethingArrived() {
        var ledger = self.ledger(started: false)
        #expect(ledger.pendingCommands == .init())
        ledger.release([self.first])
        let isHeld = ledger.move(self.first, to: Offset(rawValue: 1), isSought: true)
        #expect(isHeld)
        #expect(ledger.pendingCommands == .init())
    }

    @Test func whatArrivesBeforeTheApplicationWantsItIsReadAgain() {
        var ledger = self.ledger()
        let commands = self.settle(&ledger)
        #expect(commands == .init(pause: [self.first]))
        ledger.release([self.first])
        let laterWishes = self.settle(&ledger)
        #expect(laterWishes == .init(seek: [self.first: Offset(rawValue: 5)], resume: [self.first]))
        let isWanted = ledger.arrived(self.first, Offset(rawValue: 5))
        #expect(isWanted)
        #expect(ledger.pendingCommands == .init())
    }

    @Test func aPartitionReleasedInTimeIsNeverPaused() {
        var ledger = self.ledger(started: false)
        ledger.release([self.first])
        let isWanted = ledger.arrived(self.first, Offset(rawValue: 5))
        #expect(isWanted)
        #expect(ledger.pendingCommands == .init())
    }

    @Test func droppedRecordsAreWhereReadingGoesOn() {
        var ledger = self.ledger(started: false)
        ledger.release([self.first])
        let isWanted = ledger.arrived(self.first, Offset(rawValue: 5))
        #expect(isWanted)
        ledger.hold([self.first], dropped: [self.first: Offset(rawValue: 3)])
        let isLaterWanted = ledger.arrived(self.first, Offset(rawValue: 6))
        #expect(!isLaterWanted)
        _ = self.settle(&ledger)
        ledger.release([self.first])
        #expect(ledger.pendingCommands.seek == [self.first: Offset(rawValue: 3)])
    }

    @Test func aSeekWinsOverWhatWasDropped() {
        var ledger = self.ledger()
        let isHeld = ledger.move(self.first, to: Offset(rawValue: 90), isSought: true)
        #expect(isHeld)
        ledger.hold([self.first], dropped: [self.first: Offset(rawValue: 3)])
        ledger.release([self.first])
        #expect(ledger.pendingCommands.seek == [self.first: Offset(rawValue: 90)])
        let isWanted = ledger.arrived(self.first, Offset(rawValue: 6))
        #expect(!isWanted)
        _ = self.settle(&ledger)
        let isLaterWanted = ledger.arrived(self.first, Offset(rawValue: 90))
        #expect(isLaterWanted)
    }

    @Test func whatIsDroppedWhileTheFlowStandsIsReadAgainFromItsFirst() {
        var ledger = self.ledger(started: false)
        ledger.release([self.first])
        ledger.isFlowStopped = true
        let isWanted = ledger.arrived(self.first, Offset(rawValue: 7))
        #expect(!isWanted)
        ledger.hold([self.first], dropped: [self.first: Offset(rawValue: 3)])
        _ = self.settle(&ledger)
        ledger.isFlowStopped = false
        ledger.release([self.first])
        #expect(ledger.pendingCommands.seek == [self.first: Offset(rawValue: 3)])
    }

    @Test func theFlowPausesAndResumesWhatTheApplicationLeavesFlowing() {
        var ledger = self.ledger(started: false)
        ledger.assign([self.second])
        ledger.release([self.first, self.second])
        _ = ledger.arrived(self.first, Offset(rawValue: 0))
        ledger.isFlowStopped = true
        let commands = self.settle(&ledger)
        #expect(commands == .init(pause: [self.first]))
        #expect(ledger.pendingCommands == .init())
        ledger.hold([self.first], dropped: [:])
        ledger.isFlowStopped = false
        #expect(ledger.pendingCommands == .init())
        ledger.release([self.first])
        let laterWishes = self.settle(&ledger)
        #expect(laterWishes == .init(resume: [self.first]))
    }

    @Test func whatGoesPausedIsNamed() {
        var ledger = self.ledger()
        ledger.assign([self.second])
        _ = self.settle(&ledger)
        let paused = ledger.unassign([self.first, self.second])
        #expect(paused == [self.first])
        #expect(ledger.assigned == [])
        let isWanted = ledger.arrived(self.first, Offset(rawValue: 6))
        #expect(!isWanted)
        let isHeld = ledger.move(self.first, to: Offset(rawValue: 6), isSought: true)
        #expect(!isHeld)
    }
}

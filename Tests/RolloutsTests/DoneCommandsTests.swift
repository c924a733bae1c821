// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// Commands that were done, in the journal: written, restored, spoilt, healed and forgotten.
struct DoneCommandsTests {
    private let id = "replay-1/events/0/7"
    private let writer = JournalRecord.Writer(process: "w", generation: 1)
    private let time = Timestamp(millisecondsSinceEpoch: 1_800_000_000_000)

    private var name: CommandName { CommandName(ofID: self.id) }

    private var done: DoneCommand {
        var state = RolloutState.sample(1)
        state.replay = Replay(id: "replay-1", reason: "why", allowsRollback: true)
        return DoneCommand(.init(state), at: self.time)
    }

    private func snapshot(_ records: [JournalRecord]) -> JournalSnapshot {
        var snapshot = JournalSnapshot(now: self.time)
        for record in records { record.add(to: &snapshot) }
        return snapshot
    }

    @Test func whatIsWrittenIsRestored() {
        let record = JournalRecord(self.done, id: self.id, writer: self.writer)
        let snapshot = self.snapshot([record])
        #expect(snapshot.doneCommands[self.name] == self.done)
        #expect(snapshot.holds(record.key))
        #expect(snapshot.restored().findings == JournalFindings())
    }

    @Test func aTombstoneForgetsIt() {
        let records = [
            JournalRecord(self.done, id: self.id, writer: self.writer),
            JournalRecord(tombstoneOf: self.name, writer: self.writer),
        ]
        let snapshot = self.snapshot(records)
        #expect(snapshot.doneCommands.count == 0)
        #expect(snapshot.restored().findings == JournalFindings())
    }

    /// Rule 18: it is named, its id stays taken, nothing else waits, and a later record heals it.
    @Test func anUnreadableRecordKeepsItsIDAlone() {
        let good = JournalRecord(self.done, id: self.id, writer: self.writer)
        var spoilt = good
        spoilt.value = Array("{}".utf8)
        let snapshot = self.snapshot([spoilt])
        #expect(snapshot.doneCommands[self.name] == DoneCommand(nil, at: self.time))
        let findings = snapshot.restored().findings
        #expect(findings.defects.map(\.parks) == [.command])
        #expect(findings.defects[0].description.contains("slipway journal forget command:\(self.name)"))
        let healed = self.snapshot([spoilt, good])
        #expect(healed.doneCommands[self.name] == self.done)
        #expect(healed.restored().findings == JournalFindings())
    }

    @Test func anotherKeyOfThatKindIsNobodysOfOurs() {
        var record = JournalRecord(self.done, id: self.id, writer: self.writer)
        record.key = Array("command:short".utf8)
        #expect(self.snapshot([record]).restored().findings.foreign.map(\.keyText) == ["command:short"])
    }

    @Test func theOldestAreForgottenInAFixedOrderAndNotTooManyAtOnce() {
        var commands = DoneCommands()
        let names = (0..<10).map { CommandName(ofID: "c\($0)") }
        for (number, name) in names.enumerated() {
            commands[name] = DoneCommand(nil, at: self.time.advanced(by: .seconds(number)))
        }
        let limit = self.time.advanced(by: .seconds(7))
        #expect(commands.forget(before: limit, limit: 5) == Array(names[..<7].sorted()[..<5]))
        #expect(commands.forget(before: limit, limit: 5).count == 2)
        #expect(commands.count == 3)
    }
}

// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing
import Values

@testable import Rollouts

/// What a journal partition says of the world that it belongs to.
struct StartRecordTests {
    private static let world = StartRecord(partitionCount: 24, group: "slipway", workbench: "https://workbench")
    private static let writer = JournalRecord.Writer(process: "test", generation: 1)

    private static var full: StartRecord {
        var start = world
        start.topics = ["events \"é\"": .beginning, "more": .time(wall(1_700_000_000_123))]
        return start
    }

    private func snapshot(_ record: JournalRecord) -> JournalSnapshot {
        var snapshot = JournalSnapshot()
        record.add(to: &snapshot)
        return snapshot
    }

    @Test(arguments: [world, full])
    func aStartIsReadBackAsItWas(start: StartRecord) throws {
        let record = JournalRecord(start, writer: Self.writer)
        #expect(record.key == Array("start".utf8))
        let snapshot = self.snapshot(record)
        #expect(snapshot.start == start)
        #expect(snapshot.restored().unfinished == [])
    }

    @Test func theLastStartCounts() {
        var snapshot = JournalSnapshot()
        for start in [Self.world, Self.full] { JournalRecord(start, writer: Self.writer).add(to: &snapshot) }
        #expect(snapshot.start == Self.full)
    }

    @Test(arguments: [
        "{}", "[]", "1", #"{"partitions":0,"group":"g","workbench":"w"}"#,
        #"{"partitions":1000001,"group":"g","workbench":"w"}"#, #"{"partitions":1.5,"group":"g","workbench":"w"}"#,
        #"{"partitions":"24","group":"g","workbench":"w"}"#, #"{"partitions":24,"workbench":"w"}"#,
        #"{"partitions":24,"group":"g"}"#, #"{"partitions":24,"group":"g","workbench":"w","topics":{"e":"soon"}}"#,
        #"{"partitions":24,"group":"g","workbench":"w","topics":{"e":null}}"#, "{",
    ])
    func whatIsNoStartIsRefusedByName(text: String) {
        var record = JournalRecord(Self.world, writer: Self.writer)
        record.value = Array(text.utf8)
        let defect = self.snapshot(record).restored().findings.parksPartition
        #expect(defect?.description.contains("journal record 'start'") == true)
    }

    @Test func aTombstoneTakesTheStartAway() {
        var snapshot = self.snapshot(JournalRecord(Self.world, writer: Self.writer))
        JournalRecord(key: Array("start".utf8), value: nil, headers: []).add(to: &snapshot)
        #expect(snapshot.start == nil)
        #expect(snapshot.restored().findings == JournalFindings())
    }

    @Test func fieldsOfALaterVersionAreIgnored() throws {
        let text = #"{"later":[1],"partitions":24,"group":"slipway","workbench":"https://workbench"}"#
        #expect(StartRecord(try JSONValue(parsing: Array(text.utf8))) == Self.world)
    }

    @Test func aJournalOfTheSameWorldIsTaken() {
        #expect(Self.full.contradiction(to: Self.world, partition: 3) == nil, "first starts are no part of the world")
    }

    @Test(arguments: [
        (StartRecord(partitionCount: 6, group: "slipway", workbench: "https://workbench"), ["24 partitions", "has 6"]),
        (
            StartRecord(partitionCount: 24, group: "other", workbench: "https://workbench"),
            ["'slipway'", "'other'", "kafka.group.id"]
        ),
        (
            StartRecord(partitionCount: 24, group: "slipway", workbench: "https://else"),
            ["'https://workbench'", "'https://else'", "workbench.url"]
        ),
    ])
    func aJournalOfAnotherWorldIsRefusedWithBothSidesAndWhatToDo(world: StartRecord, words: [String]) {
        let problem = Self.world.contradiction(to: world, partition: 3) ?? ""
        #expect(problem.contains("journal partition 3"))
        for word in words { #expect(problem.contains(word)) }
    }
}

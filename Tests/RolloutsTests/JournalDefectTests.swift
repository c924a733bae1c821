// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// Rule 18: what one record that can't be read parks, and what heals it.
struct JournalDefectTests {
    private static let writer = JournalRecord.Writer(process: "test", generation: 1)

    /// A rollout that is being built.
    private static var building: RolloutState {
        var state = RolloutState.sample(7)
        state.enter(.building, at: wall(1_700_000_000_500))
        state.step = .build
        state.run = .sample(3)
        return state
    }

    private static let lane = Lane.Key(projectID: ResolvedRun.sample(3).projectID, modelName: building.plan.modelName)
    private static let laneState = LaneState(
        projectID: lane.projectID,
        modelName: lane.modelName,
        newestDeployed: RunFacts.sample(4).order,
        live: nil
    )

    private func restored(_ records: [JournalRecord]) -> Coordinator.Restored {
        var snapshot = JournalSnapshot()
        for record in records { record.add(to: &snapshot) }
        return snapshot.restored()
    }

    private static func setHeader(_ record: inout JournalRecord, _ name: String, _ value: String?) {
        record.headers.removeAll { $0.name == name }
        if let value { record.headers.append(RecordHeader(name, value)) }
    }

    // MARK: What is parked

    /// A record that is spoilt, and what it parks.
    struct Spoilt: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var record = JournalRecord(building, writer: writer)
        var parks = JournalDefect.Parks.lane(lane)
        var spoil: @Sendable (inout JournalRecord) -> Void
    }

    private static var unresolved: JournalRecord { JournalRecord(.sample(7), writer: self.writer) }

    static let spoilt: [Spoilt] = [
        Spoilt(testDescription: "a newer format") { setHeader(&$0, JournalRecord.HeaderName.schema, "5") },
        Spoilt(testDescription: "no schema") { setHeader(&$0, JournalRecord.HeaderName.schema, nil) },
        Spoilt(testDescription: "another kind") { setHeader(&$0, JournalRecord.HeaderName.kind, "other") },
        Spoilt(testDescription: "no JSON") { $0.value = [0x7B] },
        Spoilt(testDescription: "another rollout's value") {
            $0.value = JournalRecord(.sample(8), writer: writer).value
        },
        Spoilt(testDescription: "a record of nobody's under a rollout's id", parks: .partition) { $0.headers = [] },
        Spoilt(testDescription: "no lane", parks: .partition) {
            setHeader(&$0, JournalRecord.HeaderName.lane, nil)
            $0.value = [0x7B]
        },
        Spoilt(testDescription: "a rollout that is not resolved", record: unresolved, parks: .rollout) {
            $0.value = [0x7B]
        },
        Spoilt(testDescription: "a lane", record: JournalRecord(laneState, writer: writer)) { $0.value = [0x7B] },
        Spoilt(testDescription: "a lane of a newer format", record: JournalRecord(laneState, writer: writer)) {
            setHeader(&$0, JournalRecord.HeaderName.schema, "5")
        },
        Spoilt(testDescription: "a key of a later version that names a lane") { $0.key = Array("later".utf8) },
    ]

    @Test(arguments: spoilt)
    func aRecordParksNoMoreThanItMust(spoilt: Spoilt) throws {
        var record = spoilt.record
        spoilt.spoil(&record)
        let restored = self.restored([JournalRecord(.sample(1), writer: Self.writer), record])
        let defect = try #require(restored.findings.defects.first)
        #expect(restored.findings.defects.count == 1)
        #expect(defect.parks == spoilt.parks)
        #expect(defect.key == record.key)
        #expect(defect.nextStep.contains("slipway journal forget \(defect.keyText)"))
        #expect(restored.unfinished.map(\.id) == [RolloutState.sample(1).id], "the others are read")
    }

    @Test(arguments: spoilt)
    func aTombstoneHeals(spoilt: Spoilt) {
        var record = spoilt.record
        spoilt.spoil(&record)
        let tombstone = JournalRecord(key: record.key, value: nil, headers: [])
        #expect(self.restored([record, tombstone]).findings == JournalFindings())
    }

    @Test(arguments: spoilt)
    func aLaterRecordHeals(spoilt: Spoilt) {
        var record = spoilt.record
        spoilt.spoil(&record)
        var good = spoilt.record
        good.key = record.key
        guard good.key == spoilt.record.key else { return }
        let restored = self.restored([record, good])
        #expect(restored.findings == JournalFindings())
        #expect(restored.unfinished.count + restored.lanes.count == 1)
    }

    /// A repeated event must not be accepted anew, and the horizon must not write a tombstone over the record.
    @Test
    func aRolloutThatCannotBeReadStaysKnownAndIsNeverOver() {
        var ended = Self.building
        ended.enter(.failed, at: wall(1_700_000_000_900))
        ended.step = .finished
        var record = JournalRecord(ended, writer: Self.writer)
        Self.setHeader(&record, JournalRecord.HeaderName.schema, "5")
        let restored = self.restored([JournalRecord(ended, writer: Self.writer), record])
        #expect(restored.known.contains(ended.id))
        #expect(restored.known.ended(before: .latest, limit: 9) == [])
    }

    @Test
    func whatHasMovedHoldsNoLaneHere() {
        let move = Coordinator.Move(ticket: 1, rollout: Self.building, to: 3)
        var moved = JournalRecord(moved: move, writer: Self.writer)
        Self.setHeader(&moved, JournalRecord.HeaderName.schema, "5")
        #expect(self.restored([moved]).findings.defects.map(\.parks) == [.rollout])
    }

    // MARK: What is ignored

    @Test(arguments: [
        JournalRecord(key: Array("stray\n".utf8), value: [1], headers: []),
        JournalRecord(key: [], value: [], headers: []),
        JournalRecord(
            key: Array("position:others".utf8),
            value: [1],
            headers: [RecordHeader("slipway_kind", "position"), RecordHeader("slipway_schema", "5")]
        ),
        JournalRecord(key: Array("lane:".utf8), value: [1], headers: [RecordHeader("slipway_kind", "lane")]),
        JournalRecord(key: Array("key".utf8), value: [1], headers: [RecordHeader("slipway_kind", "rollout")]),
    ])
    func aForeignKeyIsIgnoredAndNamed(record: JournalRecord) {
        let restored = self.restored([record, JournalRecord(Self.building, writer: Self.writer)])
        #expect(restored.findings.defects == [])
        #expect(restored.findings.foreign.map(\.key) == [record.key])
        #expect(restored.unfinished == [Self.building])
        let tombstone = JournalRecord(key: record.key, value: nil, headers: [])
        #expect(self.restored([record, tombstone]).findings == JournalFindings())
    }

    @Test
    func foreignKeysAreKeptUpToABound() {
        let records = (0...JournalFindings.mostForeign).map {
            JournalRecord(key: Array("key-\($0)".utf8), value: [1], headers: [])
        }
        #expect(self.restored(records).findings.foreign.count == JournalFindings.mostForeign)
    }

    // MARK: Numbers

    /// A number of a record, as nobody can have written it.
    static let numbers: [(field: String, value: String)] = [
        ("sequence", "0"), ("sequence", "9223372036854775807"), ("sequence", "-1"),
        ("partition", "-1"), ("partition", "2147483647"), ("acceptedAt", "-9223372036854775808"),
        ("phaseAt", "9223372036854775807"), ("phaseAt", "-1"), ("stepAt", "-9223372036854775808"),
        ("previousPhaseMilliseconds", "9223372036854775807"), ("offset", "-5"), ("build", "9223372036854775807"),
        ("verify", "-1"),
    ]

    @Test(arguments: numbers)
    func aNumberOutsideOfItsBoundsParks(field: String, value: String) throws {
        var record = JournalRecord(Self.building, writer: Self.writer)
        let text = String(decoding: record.value ?? [], as: UTF8.self)
        let pattern = "\"\(field)\":"
        let start = try #require(text.firstRange(of: pattern))
        let end = try #require(text[start.upperBound...].firstIndex { $0 == "," || $0 == "}" })
        record.value = Array((text[..<start.upperBound] + value + text[end...]).utf8)
        let findings = self.restored([record]).findings
        #expect(findings.defects.map(\.parks) == [.lane(Self.lane)])
    }

    @Test
    func aStepThatNeedsARunParksWithoutOne() {
        var state = Self.building
        state.run = nil
        #expect(state.impossibility?.contains("without a run") == true)
        state = Self.building
        state.step = .finished
        #expect(state.impossibility?.contains("'building' at step 'finished'") == true)
    }

    @Test(arguments: [
        ("plain", "plain"), ("lane:p/m-1_2.x", "lane:p/m-1_2.x"), ("lane:p/my model", "'lane:p/my model'"),
        ("it's", #"'it'\''s'"#), ("", "''"),
    ])
    func aKeyIsQuotedForTheShell(text: String, quoted: String) {
        #expect(JournalKeyText.quoted(text) == quoted)
    }
}

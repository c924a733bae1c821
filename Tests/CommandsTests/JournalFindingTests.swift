// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Rollouts
import Testing
import Values

@testable import Commands

/// What `slipway journal check` says of a partition.
struct JournalFindingTests {
    private static let world = StartRecord(partitionCount: 6, group: "g", workbench: "w")

    private func inspected(
        _ findings: JournalFindings = JournalFindings(),
        start: StartRecord? = world,
        isUsed: Bool = true
    ) -> InspectedPartition {
        InspectedPartition(partition: 3, findings: findings, start: start, isUsed: isUsed, holdsKey: false)
    }

    private func all(_ inspected: InspectedPartition) -> [JournalFinding] {
        JournalFinding.all(of: inspected) { _ in Self.world }
    }

    private static let lane = JournalDefect(
        key: Array("lane:p/my model".utf8),
        offset: 9,
        reason: .unknownSchema("5"),
        parks: .lane(Lane.Key(projectID: "p", modelName: "my model"))
    )
    private static let start = JournalDefect(
        key: Array("start".utf8),
        offset: 0,
        reason: .notOurs,
        parks: .partition
    )

    @Test func whatIsRightIsNoFinding() {
        #expect(self.all(self.inspected()).isEmpty)
        #expect(self.all(self.inspected(start: nil, isUsed: false)).isEmpty, "nobody has worked with it yet")
    }

    @Test func findingsStandInTheOrderOfTheirPlaces() {
        let foreign = JournalFindings.ForeignKey(key: Array("stray".utf8), offset: 4)
        let found = self.all(self.inspected(JournalFindings(defects: [Self.lane], foreign: [foreign])))
        #expect(found.map(\.kind) == [.foreign, .unreadable])
        #expect(found.map(\.isProblem) == [false, true])
        #expect(found[1].parks == "lane p/my model")
        #expect(found[1].nextStep.hasSuffix("slipway journal forget 'lane:p/my model'"))
    }

    @Test func aPartitionThatLostItsJournalIsAProblem() {
        let found = self.all(self.inspected(start: nil))
        #expect(found.map(\.kind) == [.lost])
        #expect(found[0].nextStep.contains("slipway journal begin --accept-loss"))
    }

    @Test func anUnreadableStartIsNamedOnce() {
        let found = self.all(self.inspected(JournalFindings(defects: [Self.start]), start: nil))
        #expect(found.map(\.kind) == [.unreadable])
        #expect(found[0].nextStep.contains("slipway journal begin --accept-loss"))
    }

    @Test func theJournalOfAnotherGroupIsAProblem() {
        let other = StartRecord(partitionCount: 6, group: "other", workbench: "w")
        let found = self.all(self.inspected(start: other))
        #expect(found.map(\.kind) == [.otherWorld])
        #expect(found[0].message.contains("belongs to consumer group 'other'"))
    }

    @Test func findingsAreToldInTextAndJSON() throws {
        let found = self.all(self.inspected(JournalFindings(defects: [Self.lane])))
        let capture = CapturedOutput()
        try JournalReport(output: Output(to: capture), isJSON: false).write(found, partitions: 6)
        #expect(capture.text.contains("partition 3: unreadable 'lane:p/my model' at 9: it has schema '5'"))
        #expect(capture.text.contains("    waits: lane p/my model\n"))
        let json = CapturedOutput()
        try JournalReport(output: Output(to: json), isJSON: true).write(found, partitions: 6)
        #expect(json.text.hasPrefix(#"{"partition":3,"finding":"unreadable","key":"lane:p/my model","offset":9"#))
    }
}

// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Testing
import Values

@testable import Commands

@Suite("Parts of replay")
struct ReplayPartsTests {
    private func record(
        _ offset: Offset,
        run: String? = "r1",
        model: String? = "m",
        partition: Partition = 0,
        time: Int64? = nil
    ) -> ConsumedRecord {
        let event = RunFinishedEvent(
            source: "/job",
            id: "id-\(offset)",
            time: .epoch,
            data: RunFinishedData(
                run: RunReference(projectID: "p", experimentID: "e", runID: run),
                model: .init(name: model)
            ),
            origin: Origin(topic: "events", partition: partition, offset: offset)
        )
        var record = EventEncoder.record(event, topic: "events").asRead
        record.topicPartition = TopicPartition("events", partition)
        record.offset = offset
        record.timestamp = Timestamp(millisecondsSinceEpoch: time ?? offset.rawValue)
        return record
    }

    private func plan(
        _ records: [ConsumedRecord],
        limit: Int = 100,
        _ change: (inout ReplaySelection) -> Void = { _ in }
    ) throws -> ReplayPlan {
        var selection = ReplaySelection()
        change(&selection)
        var plan = ReplayPlan(selection, limit: limit)
        for record in records { try plan.add(record) }
        return plan
    }

    @Test func theNewestEventOfARunIsTaken() throws {
        let records = [
            self.record(1), self.record(5, time: 5), self.record(3, partition: 1, time: 4), self.record(7, run: "r2"),
            self.record(8, model: "other"),
        ]
        for order in [records, records.reversed()] {
            let plan = try self.plan(order)
            #expect(plan.entries.map(\.record.offset) == [5, 7, 8])
            #expect(plan.older == 2)
            #expect(plan.read == 5)
        }
    }

    @Test func conditionsMustAllHold() throws {
        let records = [
            self.record(1), self.record(2, run: "r2"), self.record(3, run: "r3", model: "n"),
            self.record(4, run: "r4", partition: 1),
        ]
        func offsets(_ change: (inout ReplaySelection) -> Void) throws -> [Offset] {
            try self.plan(records, change).entries.map(\.record.offset)
        }
        #expect(try offsets { $0.run = "r2" } == [2])
        #expect(try offsets { $0.model = "n" } == [3])
        #expect(try offsets { ($0.run, $0.model) = ("r2", "n") } == [])
        #expect(try offsets { $0.partition = Partition(rawValue: 1) } == [4])
        #expect(
            try offsets {
                $0.partition = Partition(rawValue: 0)
                $0.fromOffset = Offset(rawValue: 2)
                $0.toOffset = Offset(rawValue: 3)
            } == [2, 3]
        )
        #expect(try offsets { $0.since = .at(Timestamp(millisecondsSinceEpoch: 3)) } == [3, 4])
        #expect(
            try offsets {
                $0.since = .at(Timestamp(millisecondsSinceEpoch: 2))
                $0.until = Timestamp(millisecondsSinceEpoch: 4)
            } == [2, 3]
        )
    }

    @Test func aModelIsKnownByItsKeyToo() throws {
        var keyed = self.record(1, model: nil)
        keyed.key = Array("m".utf8)
        let plan = try self.plan([keyed, self.record(2, run: "r2", model: nil)]) { $0.model = "m" }
        #expect(plan.entries.map(\.record.offset) == [1])
        #expect(plan.entries.first?.model == "m")
    }

    @Test func whoAsksIsPlainTextWhateverTheMachineSays() {
        #expect(Operator.name(user: "ann", host: "gateway-1.corp.example") == "ann@gateway-1")
        #expect(Operator.name(user: "", host: "") == "unknown")
        #expect(Operator.name(user: "a\nb", host: "é") == "a?b@??")
        #expect(!Operator.name.isEmpty)
    }

    @Test func whatCannotBeReplayedSaysWhy() throws {
        var broken = self.record(2)
        broken.value = Array("{".utf8)
        let plan = try self.plan([self.record(1, run: nil), broken])
        #expect(plan.entries.map { $0.problem?.class } == ["noRun", "truncated"])
        #expect(try self.plan([broken]) { $0.run = "r1" }.entries.isEmpty)
        #expect(try self.plan([broken]) { $0.model = "m" }.entries.count == 1)
    }

    @Test func aLimitHoldsBackSurprises() throws {
        let records = (1...4).map { self.record(Offset(rawValue: $0), run: "r\($0)") }
        #expect(try self.plan(records, limit: 4).entries.count == 4)
        #expect(throws: ReplayPlan.TooMany(limit: 3)) { _ = try self.plan(records, limit: 3) }
    }

    @Test func idsTellTheirTime() {
        let id = ReplayOptions.newID(Timestamp(millisecondsSinceEpoch: 1_770_000_000_000))
        #expect(id.hasPrefix("replay-20260202T024000-"))
        #expect(id != ReplayOptions.newID(Timestamp(millisecondsSinceEpoch: 1_770_000_000_000)))
        #expect(id.utf8.count <= 64)
    }
}

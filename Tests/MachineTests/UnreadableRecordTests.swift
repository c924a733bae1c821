// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Testing
import Values

/// Rule 18: one bad journal record parks one lane.
struct UnreadableRecordTests {
    private let inbox = ReadPartition.inbox(0)
    private let events = ReadPartition(.events(0), 3)
    private let models = ModelNames.owned(by: 0)

    private func restored(_ lease: Lease, _ parks: JournalDefect.Parks?, foreign: Int = 0) -> Input {
        let key = Array("00000000000000010000000000000007".utf8)
        let defects = parks.map { [JournalDefect(key: key, offset: 4, reason: .unknownSchema("5"), parks: $0)] } ?? []
        let keys = (0..<foreign).map { JournalFindings.ForeignKey(key: Array("stray-\($0)".utf8), offset: 9) }
        let findings = JournalFindings(defects: defects, foreign: keys)
        return MachineFixture.restored(lease, Coordinator.Restored(findings: findings), isNew: false)
    }

    /// A machine whose inbox partition's journal has such a record.
    private func assigned(_ parks: JournalDefect.Parks?, foreign: Int = 0) throws -> MachineFixture {
        let fixture = try MachineFixture()
        fixture.take()
        fixture.answer()
        fixture.take(.group(.assigned([self.inbox, self.events], try MachineFixture.membership())))
        fixture.take(.group(.located(Lease(self.events, epoch: 2), .success(MachineFixture.location(0)))))
        fixture.take(self.restored(Lease(self.inbox, epoch: 1), parks, foreign: foreign))
        return fixture
    }

    private func lane(_ fixture: MachineFixture, _ model: Int) -> Lane.Key {
        Lane.Key(projectID: fixture.project, modelName: self.models[model])
    }

    @Test func aForeignKeyIsIgnoredAndNamed() throws {
        let fixture = try self.assigned(nil, foreign: 2)
        #expect(fixture.told.contains("journal 0 has 0 unreadable, 2 foreign"))
        #expect(fixture.told.contains("unusable 0, foreign 2"))
        #expect(fixture.told.contains("partitions met"))
        try fixture.commit()
        fixture.pass(100)
        #expect(fixture.take(.woke) == [], "nothing is to be healed")
    }

    @Test func aRecordWithoutALaneParksItsPartitionAndIsReadAgain() throws {
        let fixture = try self.assigned(.partition)
        #expect(fixture.told.contains { $0.hasPrefix("not ready inbox-0: journal record '0000") })
        #expect(fixture.told.contains { $0.contains("slipway journal forget 00000000000000010000000000000007") })
        #expect(fixture.told.contains("unusable 1, foreign 0"))
        fixture.pass(30)
        let lease = Lease(self.inbox, epoch: 1)
        #expect(fixture.take(.woke) == ["restore inbox-0#1"])
        #expect(fixture.take(self.restored(lease, .partition)) == [])
        #expect(fixture.told == [], "it is told once")
        fixture.pass(30)
        fixture.take(.woke)
        #expect(fixture.take(self.restored(lease, nil)).contains("read inbox-0#1 from 0"))
        #expect(fixture.told.contains("partitions met"))
        #expect(fixture.told.contains("unusable 0, foreign 0"))
    }

    /// Its events are accepted, resolved, and wait by name; other lanes of the partition go on.
    @Test func aParkedLaneWaitsAndTheOthersGoOn() throws {
        let fixture = try MachineFixture()
        let lane = self.lane(fixture, 0)
        fixture.take()
        fixture.answer()
        fixture.take(.group(.assigned([self.inbox, self.events], try MachineFixture.membership())))
        fixture.take(.group(.located(Lease(self.events, epoch: 2), .success(MachineFixture.location(0)))))
        fixture.take(self.restored(Lease(self.inbox, epoch: 1), .lane(lane)))
        #expect(fixture.told.contains { $0.contains("lanes: journal partition 0: journal record '0000") })
        let runs = [try fixture.run(), try fixture.run()]
        fixture.take(fixture.events(Lease(self.events, epoch: 2), self.models[0], self.models[1], runs: runs))
        try fixture.settle()
        #expect(fixture.written[self.models[0]]?.last?.hasSuffix(" waiting") == true)
        #expect(fixture.written[self.models[1]]?.last?.hasSuffix(" deployed") == true)
        #expect(fixture.unfinished == 1)
        // Nothing has been healed yet.
        fixture.pass(30)
        #expect(fixture.take(.woke) == ["restore inbox-0#1"])
        #expect(fixture.take(self.restored(Lease(self.inbox, epoch: 1), .lane(lane))) == [])
        // Now it has.
        fixture.pass(30)
        fixture.take(.woke)
        let anew = fixture.take(self.restored(Lease(self.inbox, epoch: 1), nil))
        #expect(anew == ["pause inbox-0#1", "restore inbox-0#3"])
        #expect(fixture.told.contains { $0.contains("lanes met") })
        #expect(fixture.unfinished == 0, "memory is read again")
        #expect(fixture.take(self.restored(Lease(self.inbox, epoch: 3), nil)).contains("read inbox-0#3 from 0"))
    }

    /// What a transaction under way writes has to be read, too.
    @Test func aHealedPartitionBeginsAnewOnceNothingIsUnderWay() throws {
        let fixture = try self.assigned(.lane(Lane.Key(projectID: "p", modelName: "m")))
        fixture.take(fixture.events(Lease(self.events, epoch: 2), self.models[1], runs: [try fixture.run()]))
        #expect(fixture.transaction != nil)
        fixture.pass(30)
        fixture.take(.woke)
        let actions = fixture.take(self.restored(Lease(self.inbox, epoch: 1), nil))
        #expect(actions.first == "pause inbox-0#1")
        #expect(!actions.contains { $0.hasPrefix("restore") })
        try fixture.settle()
        #expect(fixture.told.contains { $0.contains("partitions: reading the journal") })
    }

    /// The group takes a partition back that is to begin anew, or all is begun anew anyhow.
    @Test func aPartitionThatIsToBeginAnewCanBeTakenAway() throws {
        let fixture = try self.assigned(.lane(Lane.Key(projectID: "p", modelName: "m")))
        let transaction = try #require(fixture.transaction)
        fixture.pass(30)
        fixture.take(.woke)
        fixture.take(self.restored(Lease(self.inbox, epoch: 1), nil))
        fixture.take(.group(.revoking([self.inbox], RevocationID(number: 7))))
        let actions = fixture.take(.journal(.commitEnded(transaction.id, .committed(records: 1))))
        #expect(actions == ["let go 7"])
        fixture.pass(100)
        #expect(!fixture.take(.woke).contains { $0.hasPrefix("restore") })
    }
}

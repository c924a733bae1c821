// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Testing
import Values

/// A partition that waits for a journal record (rule 18) holds up nobody else's events (guarantee 9).
///
/// Nothing of its inbox is read, so nobody is told whether it has room for what is passed on to it.
struct ParkedPartitionRoomTests {
    private let events = ReadPartition(.events(0), 3)
    /// Models of the partition that is held, and of the one that is parked.
    private let held = ModelNames.owned(by: 0)
    private let parked = ModelNames.owned(by: 1)

    private func fixture() throws -> MachineFixture {
        var bounded = MachineFixture.rule
        bounded.name = "bounded"
        bounded.quota = Route.Quota(underWay: 40)
        return try MachineFixture(routes: Routes([bounded]))
    }

    private func damaged(_ lease: Lease) -> Input {
        let defect = JournalDefect(key: Array("position:commands".utf8), offset: 3, reason: .notOurs, parks: .partition)
        let findings = JournalFindings(defects: [defect])
        return MachineFixture.restored(lease, Coordinator.Restored(findings: findings), isNew: false)
    }

    /// A machine with these inbox partitions, of which partition 1 is parked, and one of the event topic.
    ///
    /// - Returns: The lease of that one.
    private func hold(_ fixture: MachineFixture, inbox partitions: [Int32]) throws -> Lease {
        let inbox = partitions.map { ReadPartition.inbox(Partition(rawValue: $0)) }
        fixture.take()
        fixture.answer()
        fixture.take(.group(.assigned(inbox + [self.events], try MachineFixture.membership())))
        for (number, partition) in inbox.enumerated() {
            let lease = Lease(partition, epoch: UInt64(number) + 1)
            fixture.take(lease.partition == 1 ? self.damaged(lease) : MachineFixture.restored(lease))
        }
        let lease = Lease(self.events, epoch: UInt64(inbox.count) + 1)
        fixture.take(.group(.located(lease, .success(MachineFixture.location(0)))))
        try fixture.settle()
        return lease
    }

    /// Events of both, in turns.
    private func mixed(_ fixture: MachineFixture, _ lease: Lease) throws -> Input {
        var entries: [IntakeEntry] = []
        for number in 0..<10 {
            entries.append(fixture.event(lease, self.parked[number], run: try fixture.run()))
            entries.append(fixture.event(lease, self.held[number], run: try fixture.run()))
        }
        return .group(.records(lease, entries))
    }

    /// Lets seconds pass one by one.
    ///
    /// - Returns: What was told meanwhile.
    private func pass(_ fixture: MachineFixture, seconds: Int) throws -> Set<String> {
        var told: Set<String> = []
        for _ in 0..<seconds {
            try fixture.settle()
            told.formUnion(fixture.told)
            fixture.pass(1)
            fixture.take(.woke)
        }
        try fixture.settle()
        return told
    }

    @Test func whatIsForAPartitionThatIsParkedHereHoldsUpNobody() throws {
        let fixture = try self.fixture()
        let lease = try self.hold(fixture, inbox: [0, 1])
        fixture.take(try self.mixed(fixture, lease))
        // A tenth of the quota a second is passed on to it: the rest goes by in the third.
        let told = try self.pass(fixture, seconds: 60)
        #expect(self.held[0..<10].allSatisfy { fixture.ends[$0]?.map(\.phase) == [.deployed] })
        #expect(!told.contains { $0.contains("has not answered") })
    }

    @Test func othersAreToldOfAPartitionThatIsParked() throws {
        let fixture = try self.fixture()
        _ = try self.hold(fixture, inbox: [1])
        // Though it reads no inbox; and again, since what was said long ago counts no longer.
        #expect(fixture.written["|"] == ["room | parked 1 to 0"])
        _ = try self.pass(fixture, seconds: 31)
        #expect(fixture.written["|"]?.count == 3)
    }

    @Test func whatIsForAPartitionThatIsParkedElsewhereHoldsUpNobody() throws {
        let fixture = try self.fixture()
        let lease = try self.hold(fixture, inbox: [0])
        let inbox = Lease(.inbox(0), epoch: 1)
        let notice = RoomNotice(partitions: [1], topics: [], routes: [], parked: [1])
        fixture.take(.group(.records(inbox, [fixture.said(inbox, notice)])))
        fixture.take(try self.mixed(fixture, lease))
        _ = try self.pass(fixture, seconds: 40)
        #expect(self.held[0..<10].allSatisfy { fixture.ends[$0]?.map(\.phase) == [.deployed] })
    }

    /// Once its record is healed it answers as any other.
    @Test func whatWasParkedAnswersAgain() throws {
        let fixture = try self.fixture()
        _ = try self.hold(fixture, inbox: [0, 1])
        fixture.pass(31)
        fixture.take(.woke)
        fixture.take(MachineFixture.restored(Lease(.inbox(1), epoch: 2), isNew: false))
        try fixture.settle()
        fixture.pass(16)
        fixture.take(.woke)
        try fixture.settle()
        let notices = fixture.written["|"] ?? []
        #expect(!notices.contains { $0.contains("to 0") || $0.contains("to 1") }, "it holds all there are: \(notices)")
        #expect(fixture.turn.wakeAt.map { $0 > fixture.now.monotonic } ?? true)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Testing
import Values

/// No event topic takes the room of all others (guarantee 9).
struct TopicShareTests {
    /// Models whose owner is the partition held.
    private let ours = ModelNames.owned(by: 0)

    /// A machine that reads two topics, of which each may have two unfinished rollouts.
    private static func fixture(maximum: Int = 4) throws -> MachineFixture {
        try MachineFixture { settings in
            settings.maximumUnfinished = maximum
            settings.ownership.eventTopics = ["events", "events1"]
            settings.ownership.world.topics = [:]
        }
    }

    /// Events of a run each, of models from a place in the list on.
    private func events(_ fixture: MachineFixture, _ lease: Lease, _ range: Range<Int>) throws -> Input {
        .group(.records(lease, try range.map { fixture.event(lease, self.ours[$0], run: try fixture.run()) }))
    }

    @Test func aTopicThatHasItsShareWaitsAndAnotherGoesOn() throws {
        let fixture = try Self.fixture()
        let leases = try fixture.hold(topics: 2)
        let busy = fixture.take(try self.events(fixture, leases.events[0], 0..<4))
        #expect(busy.contains("pause events0-3#2"))
        #expect(fixture.unfinished == 2)
        #expect(fixture.told.contains("events held"))
        #expect(fixture.told.contains { $0.contains("quota: events of topic 'events' wait") })
        // Another one finds room, though the first had asked for all there is.
        fixture.take(try self.events(fixture, leases.events[1], 4..<5))
        #expect(fixture.unfinished == 3)
        #expect(!fixture.told.contains { $0.contains("held") })
    }

    @Test func whatWaitedGoesOnInOrderAndWithoutALossOnceThereIsRoom() throws {
        let fixture = try Self.fixture()
        let leases = try fixture.hold(topics: 2)
        fixture.take(try self.events(fixture, leases.events[0], 0..<3))
        // What was under way when the partition was paused comes behind it.
        fixture.take(try self.events(fixture, leases.events[0], 3..<5))
        #expect(fixture.unfinished == 2)
        try fixture.finish()
        #expect(self.ours[0..<5].map { fixture.ends[$0]?.map(\.phase) } == Array(repeating: [.deployed], count: 5))
        #expect(self.ours[0..<5].allSatisfy { fixture.written[$0]?.first == "accepted \($0)" })
    }

    @Test func whatWaitsIsNotCommittedAndIsReadAgainByWhoeverComesNext() throws {
        let fixture = try Self.fixture()
        let leases = try fixture.hold(topics: 2)
        fixture.take(try self.events(fixture, leases.events[0], 0..<3))
        #expect(fixture.transaction?.offsets[leases.events[0]] == 2)
        fixture.take(.group(.lost([leases.events[0].subject])))
        #expect(fixture.told.contains("events goes on"))
        fixture.take(.group(.membershipChanged(try MachineFixture.membership(2))))
        try fixture.finish()
        #expect(fixture.ends[self.ours[2]] == nil)
    }

    @Test func whatWaitsIsNotResumedByTheEndOfABackPressure() throws {
        let fixture = try Self.fixture()
        let leases = try fixture.hold(topics: 2)
        fixture.take(try self.events(fixture, leases.events[0], 0..<3))
        let all = fixture.take(try self.events(fixture, leases.events[1], 4..<6))
        #expect(all.contains("pause inbox-0#1 events0-3#2 events1-3#3"))
        try fixture.finish()
        #expect(fixture.ends[self.ours[2]]?.map(\.phase) == [.deployed])
        let resumed = fixture.orders.filter { $0.hasPrefix("resume") }
        #expect(resumed == ["resume inbox-0#1 events1-3#3", "resume events0-3#2"])
    }

    @Test func oneTopicHasTheWhole() throws {
        let fixture = try MachineFixture { $0.maximumUnfinished = 4 }
        let leases = try fixture.hold()
        fixture.take(try self.events(fixture, leases.events, 0..<4))
        #expect(fixture.unfinished == 4)
    }

    /// One partition of the topic waits for another owner's answer, one for its share.
    @Test func aTopicThatIsStillHeldIsNotToldToGoOn() throws {
        let fixture = try Self.fixture(maximum: 8)
        let others = ModelNames.owned(by: 1)
        let inbox = Lease(.inbox(0), epoch: 1)
        let leases = [Lease(ReadPartition(.events(0), 3), epoch: 2), Lease(ReadPartition(.events(0), 4), epoch: 3)]
        fixture.take()
        fixture.answer()
        let partitions = [inbox.subject] + leases.map(\.subject)
        fixture.take(.group(.assigned(partitions, try MachineFixture.membership())))
        fixture.take(MachineFixture.restored(inbox))
        for lease in leases { fixture.take(.group(.located(lease, .success(MachineFixture.location(0))))) }
        try fixture.settle()
        let theirs = try (0..<2).map { fixture.event(leases[0], others[$0], run: try fixture.run()) }
        fixture.take(.group(.records(leases[0], theirs)))
        fixture.take(try self.events(fixture, leases[1], 0..<5))
        #expect(fixture.told.contains("events held"))
        while fixture.transaction != nil { try fixture.commit() }
        fixture.pass(11)
        fixture.take(.woke)
        #expect(fixture.told.contains("events held"), "nobody has answered")
        let clear = RoomNotice(partitions: [1], topics: [], routes: [])
        fixture.take(.group(.records(inbox, [fixture.said(inbox, clear)])))
        #expect(!fixture.told.contains("events goes on"), "\(fixture.told)")
        try fixture.finish()
        #expect(fixture.phases.count { $0.phase == .deployed } == 5)
    }

    /// Both go on at once, and that is told once.
    @Test func theLastHoldThatEndsIsTold() throws {
        let fixture = try Self.fixture()
        let leases = try fixture.hold(topics: 2)
        fixture.take(try self.events(fixture, leases.events[0], 0..<3))
        fixture.take(.group(.lost([leases.events[0].subject])))
        #expect(fixture.told.count { $0 == "events goes on" } == 1)
    }
}

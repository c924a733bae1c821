// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Testing
import Values

/// How much may be done for one route's events, and who waits where it is used up (guarantee 9).
struct QuotaTests {
    /// Models whose owner is the partition held, which has half of each quota, and the other one.
    private let ours = ModelNames.owned(by: 0)
    private let others = ModelNames.owned(by: 1)

    /// Two topics, of which the first goes by a route with a quota.
    private static func fixture(_ quota: Route.Quota, queue: QueueMode = .latest) throws -> MachineFixture {
        var bounded = MachineFixture.rule
        bounded.name = "bounded"
        bounded.match.topics = [Glob("events")]
        bounded.quota = quota
        bounded.queue = queue
        return try MachineFixture(routes: Routes([bounded, MachineFixture.rule])) { settings in
            settings.ownership.eventTopics = ["events", "events1"]
        }
    }

    private func events(_ fixture: MachineFixture, _ lease: Lease, _ range: Range<Int>) throws -> Input {
        .group(.records(lease, try range.map { fixture.event(lease, self.ours[$0], run: try fixture.run()) }))
    }

    private func waits(_ state: RolloutState) -> Bool { state.phase == .waiting && state.cause?.class == .quota }

    // MARK: Before it is accepted

    @Test func aRouteThatHasItsQuotaHoldsBackItsTopicAndNoOther() throws {
        let fixture = try Self.fixture(Route.Quota(underWay: 4))
        let leases = try fixture.hold(topics: 2)
        let busy = fixture.take(try self.events(fixture, leases.events[0], 0..<5))
        #expect(busy.contains("pause events0-3#2"))
        #expect(fixture.unfinished == 2)
        #expect(fixture.told.contains("events held for bounded"))
        #expect(fixture.told.contains { $0.contains("the next one is of route 'bounded', whose quota is used up") })
        fixture.take(try self.events(fixture, leases.events[1], 5..<9))
        #expect(fixture.unfinished == 6)
        try fixture.finish()
        #expect(self.ours[0..<9].allSatisfy { fixture.ends[$0]?.map(\.phase) == [.deployed] })
    }

    @Test func aQuotaSmallerThanThePartitionsLetsOneGoOnAtATime() throws {
        let fixture = try Self.fixture(Route.Quota(underWay: 1))
        let leases = try fixture.hold(topics: 2)
        fixture.take(try self.events(fixture, leases.events[0], 0..<3))
        #expect(fixture.unfinished == 1)
        try fixture.finish()
        #expect(self.ours[0..<3].allSatisfy { fixture.ends[$0]?.map(\.phase) == [.deployed] })
    }

    @Test func whatTheJournalSaysToBeUnderWayCounts() throws {
        let fixture = try Self.fixture(Route.Quota(underWay: 4))
        let earlier = try Self.fixture(Route.Quota())
        let before = try earlier.hold(topics: 2)
        earlier.take(try self.events(earlier, before.events[0], 0..<2))
        let states = earlier.phases.filter { $0.phase == .accepted }
        try #require(states.count == 2)
        let (inbox, events) = (ReadPartition.inbox(0), ReadPartition(.events(0), 3))
        fixture.take(.group(.assigned([inbox, events], try MachineFixture.membership())))
        var known = KnownRollouts()
        for state in states { known.restore(state.id, endedAt: nil) }
        let restored = Coordinator.Restored(unfinished: states, known: known)
        let leases = (Lease(inbox, epoch: 1), Lease(events, epoch: 2))
        fixture.take(MachineFixture.restored(leases.0, restored, isNew: false))
        fixture.take(.group(.located(leases.1, .success(MachineFixture.location(0)))))
        fixture.take(try self.events(fixture, leases.1, 5..<6))
        #expect(fixture.unfinished == 2)
        #expect(fixture.told.contains("events held for bounded"))
    }

    @Test func anHourThatIsUsedUpHoldsBackUntilItHasGoneBy() throws {
        let fixture = try Self.fixture(Route.Quota(acceptedPerHour: 4))
        let leases = try fixture.hold(topics: 2)
        fixture.take(try self.events(fixture, leases.events[0], 0..<3))
        try fixture.finish()
        #expect(fixture.ends[self.ours[2]] == nil)
        let wake = try #require(fixture.turn.wakeAt)
        fixture.pass(3_000)
        fixture.take(.woke)
        #expect(fixture.unfinished == 0)
        fixture.pass(610)
        fixture.take(.woke)
        #expect(wake <= fixture.now.monotonic)
        #expect(fixture.unfinished == 1)
        #expect(fixture.told.contains("events goes on for bounded"))
    }

    /// The route asks for a project's name, and the events give its id alone: their route is known once facts are.
    @Test(arguments: [Route.Quota(underWay: 4), Route.Quota(acceptedPerHour: 4)])
    func anEventWhoseRouteIsOpenIsHeldBackByEachThatItMayBeOf(quota: Route.Quota) throws {
        var bounded = MachineFixture.rule
        bounded.name = "bounded"
        bounded.match.projects = [Glob("chu*")]
        bounded.quota = quota
        let fixture = try MachineFixture(routes: Routes([bounded]))
        let leases = try fixture.hold()
        fixture.take(try self.events(fixture, leases.events, 0..<5))
        #expect(fixture.unfinished == 2)
        #expect(fixture.told.contains("events held for bounded"))
        try fixture.settle()
        for _ in 0..<200 where !fixture.requests.isEmpty { fixture.answer() }
        #expect(fixture.unfinished <= 2)
        guard quota.acceptedPerHour != nil else { return }
        try fixture.finish(within: 1_800)
        #expect(self.ours[0..<2].allSatisfy { fixture.ends[$0]?.map(\.phase) == [.deployed] })
        #expect(self.ours[2..<5].allSatisfy { fixture.ends[$0] == nil })
    }

    @Test func whatWasHeldBackCountsFromWhenItIsAccepted() throws {
        let fixture = try Self.fixture(Route.Quota(acceptedPerHour: 4))
        let leases = try fixture.hold(topics: 2)
        fixture.take(try self.events(fixture, leases.events[0], 0..<7))
        try fixture.finish()
        for hour in 1...2 {
            fixture.pass(3_610)
            fixture.take(.woke)
            #expect(fixture.unfinished == 2)
            try fixture.finish()
            #expect(self.ours[0..<7].count { fixture.ends[$0] != nil } == 2 * (hour + 1))
        }
        let accepted = fixture.phases.filter { $0.phase == .accepted }
        #expect(Set(accepted.map(\.acceptedAt)).count == 3)
    }

    @Test func whatRepeatsAKnownEventNeedsNoRoom() throws {
        let fixture = try Self.fixture(Route.Quota(underWay: 1))
        let leases = try fixture.hold(topics: 2)
        let event = fixture.event(leases.events[0], self.ours[0], run: try fixture.run())
        fixture.take(.group(.records(leases.events[0], [event, event])))
        #expect(!fixture.told.contains { $0.contains("held") })
    }

    // MARK: Passed on

    @Test func whatIsPassedOnIsHeldBackWhereItsOwnerSaysThatThereIsNoRoom() throws {
        let fixture = try Self.fixture(Route.Quota(underWay: 100))
        let leases = try fixture.hold(topics: 2)
        let notice = RoomNotice(partitions: [1], topics: [], routes: ["bounded"])
        fixture.take(.group(.records(leases.inbox, [fixture.said(leases.inbox, notice)])))
        try fixture.settle()
        let run = try fixture.run()
        let held = fixture.take(fixture.events(leases.events[0], self.others[0], runs: [run]))
        #expect(held == ["pause events0-3#2"])
        #expect(fixture.told.contains("events held for bounded"))
        let clear = RoomNotice(partitions: [1], topics: [], routes: [])
        let goesOn = fixture.take(.group(.records(leases.inbox, [fixture.said(leases.inbox, clear)])))
        #expect(goesOn.contains("resume events0-3#2"))
        #expect(goesOn.contains { $0.contains("forwarded to 1") })
    }

    @Test func whatWasSaidLongAgoCountsNoLonger() throws {
        let fixture = try Self.fixture(Route.Quota(underWay: 100))
        let leases = try fixture.hold(topics: 2)
        let notice = RoomNotice(partitions: [1], topics: ["events"], routes: [])
        fixture.take(.group(.records(leases.inbox, [fixture.said(leases.inbox, notice)])))
        try fixture.settle()
        fixture.take(fixture.events(leases.events[0], self.others[0], runs: [try fixture.run()]))
        #expect(fixture.told.contains("events held"))
        fixture.pass(46)
        #expect(fixture.take(.woke).contains { $0.contains("forwarded to 1") })
    }

    @Test func noMoreIsPassedOnThanItsOwnerCanTellOf() throws {
        let fixture = try Self.fixture(Route.Quota(underWay: 40))
        let leases = try fixture.hold(topics: 2)
        let runs = try (0..<5).map { _ in try fixture.run() }
        let events = zip(self.others, runs).map { fixture.event(leases.events[0], $0, run: $1) }
        let first = fixture.take(.group(.records(leases.events[0], events)))
        #expect(first.contains { $0.contains("forwarded to 1, forwarded to 1; events0-3 at 2") })
        try fixture.settle()
        fixture.pass(1)
        #expect(!fixture.take(.woke).contains { $0.contains("events0-3 at") })
        let clear = RoomNotice(partitions: [1], topics: [], routes: [])
        fixture.take(.group(.records(leases.inbox, [fixture.said(leases.inbox, clear)])))
        #expect(fixture.transaction?.words.contains("events0-3 at 4") == true)
        // That is over in a moment, and nobody is told.
        #expect(!fixture.told.contains { $0.contains("held") })
    }

    /// A worker is gone, and its partitions are nobody's until the group knows.
    @Test func toAnOwnerThatSaysNothingNoMoreIsPassedOnThanItsPart() throws {
        let fixture = try Self.fixture(Route.Quota(underWay: 40))
        let leases = try fixture.hold(topics: 2)
        let runs = try (0..<5).map { _ in try fixture.run() }
        let events = zip(self.others, runs).map { fixture.event(leases.events[0], $0, run: $1) }
        fixture.take(.group(.records(leases.events[0], events)))
        var told: [String] = []
        for _ in 0..<30 {
            try fixture.settle()
            fixture.pass(1)
            #expect(!fixture.take(.woke).contains { $0.contains("events0-3 at") })
            told += fixture.told
        }
        #expect(told.contains { $0.contains("holds inbox partition 1 has not answered") })
        // Nobody waits for ever: after a while some more are tried.
        fixture.pass(20)
        #expect(fixture.take(.woke).contains { $0.contains("events0-3 at 4") })
    }

    /// It reads no inbox, and so hears nobody: it keeps to what is passed on in a second.
    @Test func whoHoldsNoInboxPartitionIsNotHeldBackBySilence() throws {
        let fixture = try Self.fixture(Route.Quota(underWay: 40))
        let lease = Lease(ReadPartition(.events(0), 3), epoch: 1)
        fixture.take()
        fixture.answer()
        fixture.take(.group(.assigned([lease.subject], try MachineFixture.membership())))
        fixture.take(.group(.located(lease, .success(MachineFixture.location(0)))))
        try fixture.settle()
        let runs = try (0..<6).map { _ in try fixture.run() }
        let events = zip(self.others, runs).map { fixture.event(lease, $0, run: $1) }
        let first = fixture.take(.group(.records(lease, events)))
        #expect(first.contains { $0.contains("events0-3 at 4") })
        try fixture.settle()
        fixture.pass(1)
        #expect(fixture.take(.woke).contains { $0.contains("events0-3 at 6") })
        try fixture.settle()
        fixture.pass(60)
        fixture.take(.woke)
        #expect(fixture.turn.wakeAt.map { $0 > fixture.now.monotonic } ?? true)
    }

    @Test func nothingWakesForWhatWaitsWhileIntakeIsPaused() throws {
        var bounded = MachineFixture.rule
        bounded.quota = Route.Quota(underWay: 2)
        let fixture = try MachineFixture(routes: Routes([bounded])) { $0.maximumUnfinished = 2 }
        let leases = try fixture.hold()
        let runs = [try fixture.run(), try fixture.run()]
        fixture.take(fixture.events(leases.events, self.others[0], self.others[1], runs: runs))
        let entries = try (0..<3).map { fixture.passedOn(leases.inbox, self.ours[$0], run: try fixture.run()) }
        fixture.take(.group(.records(leases.inbox, entries)))
        #expect(fixture.told.contains("intake paused"))
        fixture.pass(5)
        fixture.take(.woke)
        #expect(fixture.turn.wakeAt.map { $0 > fixture.now.monotonic } ?? true)
    }

    @Test func whoPassesSomethingOnIsAnswered() throws {
        let fixture = try Self.fixture(Route.Quota(underWay: 40))
        let leases = try fixture.hold(topics: 2)
        let entry = fixture.passedOn(leases.inbox, self.ours[0], run: try fixture.run())
        fixture.take(.group(.records(leases.inbox, [entry])))
        try fixture.settle()
        #expect(fixture.written["|"] == ["room | to 1"])
    }

    @Test func othersAreToldForWhomThereIsNoRoomAndWhenThereIsAgain() throws {
        let fixture = try Self.fixture(Route.Quota(underWay: 2))
        let leases = try fixture.hold(topics: 2)
        fixture.take(try self.events(fixture, leases.events[0], 0..<1))
        try fixture.settle()
        #expect(fixture.written["|bounded"]?.first == "room |bounded to 1")
        #expect(fixture.written["|"] == nil)
        try fixture.finish()
        fixture.pass(2)
        fixture.take(.woke)
        try fixture.settle()
        #expect(fixture.written["|"] == ["room | to 1"])
    }

    // MARK: Accepted, and in its lane

    @Test func whatOthersHavePassedOnBeyondTheQuotaWaitsForItsTurnByName() throws {
        let fixture = try Self.fixture(Route.Quota(underWay: 2))
        let leases = try fixture.hold(topics: 2)
        let entries = try (0..<3).map { fixture.passedOn(leases.inbox, self.ours[$0], run: try fixture.run()) }
        fixture.take(.group(.records(leases.inbox, entries)))
        #expect(fixture.unfinished == 3)
        try fixture.finish()
        let waiting = fixture.phases.filter(self.waits)
        #expect(Set(waiting.map(\.plan.modelName)).count == 2)
        #expect(waiting.first?.cause?.message.contains("route 'bounded' has as many rollouts at work") == true)
        #expect(waiting.first?.cause?.class.nextStep.contains("quota") == true)
        #expect(self.ours[0..<3].allSatisfy { fixture.ends[$0]?.map(\.phase) == [.deployed] })
        // One after the other: nobody registers before the one before has ended.
        let order = fixture.phases.filter { $0.phase == .registering || $0.phase == .deployed }.map(\.phase)
        #expect(order == [.registering, .deployed, .registering, .deployed, .registering, .deployed])
    }

    @Test func theNewestOfAModelGoesBeforeOneThatWaitsForRoom() throws {
        let fixture = try Self.fixture(Route.Quota(underWay: 2))
        let leases = try fixture.hold(topics: 2)
        let (first, older) = (try fixture.run(), try fixture.run())
        fixture.pass(1)
        let newer = try fixture.run()
        let entries = [
            fixture.passedOn(leases.inbox, self.ours[0], run: first),
            fixture.passedOn(leases.inbox, self.ours[1], run: older),
        ]
        fixture.take(.group(.records(leases.inbox, entries)))
        for _ in 0..<50 where !fixture.phases.contains(where: self.waits) {
            if fixture.requests.isEmpty { try fixture.commit() } else { fixture.answer() }
        }
        try #require(fixture.phases.contains(where: self.waits))
        fixture.take(.group(.records(leases.inbox, [fixture.passedOn(leases.inbox, self.ours[1], run: newer)])))
        try fixture.finish()
        #expect(fixture.ends[self.ours[1]]?.map(\.phase) == [.superseded, .deployed])
    }

    @Test func aModelThatHasHadItsHourWaitsAndSaysUntilWhen() throws {
        let fixture = try Self.fixture(Route.Quota(perModelPerHour: 1), queue: .every)
        let leases = try fixture.hold(topics: 2)
        let model = self.ours[0]
        let runs = [try fixture.run(), try fixture.run()]
        fixture.take(fixture.events(leases.events[0], model, self.ours[1], runs: runs))
        try fixture.finish()
        let began = fixture.now.monotonic
        fixture.pass(1)
        fixture.take(fixture.events(leases.events[0], model, runs: [try fixture.run()]))
        try fixture.settle()
        let waiting = try #require(fixture.phases.last(where: self.waits))
        #expect(waiting.plan.modelName == model)
        #expect(waiting.cause?.message.contains("perModelPerHour); it goes on at 20") == true)
        try fixture.finish(within: 7_200)
        #expect(fixture.ends[model]?.map(\.phase) == [.deployed, .deployed])
        #expect(fixture.now.monotonic - began > .seconds(3_500))
    }
}

// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Testing
import Values

/// Quotas and events of which facts have yet to say whose they are (guarantee 9).
struct OpenEventQuotaTests {
    private let ours = ModelNames.owned(by: 0)

    private func route(_ name: String, _ topic: String, _ quota: Route.Quota) -> Route {
        var route = MachineFixture.rule
        route.name = name
        route.match.topics = [Glob(topic)]
        route.match.projects = [Glob("chu*")]
        route.quota = quota
        return route
    }

    /// Open events of another team's topic hold back this team's.
    @Test(arguments: [Route.Quota(underWay: 4), Route.Quota(acceptedPerHour: 4)])
    func openEventsOfAnotherTopicHoldNobodyBack(quota: Route.Quota) throws {
        let fixture = try MachineFixture(
            routes: Routes([self.route("tenant", "events", Route.Quota()), self.route("honest", "events1", quota)])
        ) { $0.ownership.eventTopics = ["events", "events1"] }
        let leases = try fixture.hold(topics: 2)
        let tenant = try (0..<3).map { fixture.event(leases.events[0], self.ours[$0], run: try fixture.run()) }
        fixture.take(.group(.records(leases.events[0], tenant)))
        #expect(fixture.unfinished == 3)
        let honest = [fixture.event(leases.events[1], self.ours[5], run: try fixture.run())]
        fixture.take(.group(.records(leases.events[1], honest)))
        #expect(!fixture.told.contains { $0.contains("held for honest") })
        #expect(fixture.unfinished == 4)
    }

    /// Two open and two closed events against a share of two.
    @Test func closedEventsCountOpenOnes() throws {
        var bounded = MachineFixture.rule
        bounded.name = "bounded"
        bounded.match.projects = [Glob("chu*")]
        bounded.quota = Route.Quota(acceptedPerHour: 4)
        let fixture = try MachineFixture(routes: Routes([bounded]))
        let leases = try fixture.hold()
        let entries = try (0..<6).map { number in
            fixture.event(
                leases.events,
                self.ours[number],
                run: try fixture.run(),
                number < 2 ? "" : #","projectName":"churn""#
            )
        }
        fixture.take(.group(.records(leases.events, entries)))
        try fixture.finish(within: 1_800)
        let ended = self.ours[0..<6].count { fixture.ends[$0]?.map(\.phase) == [.deployed] }
        #expect(ended <= 2)
    }

    /// Open events that others pass on, while the workbench does not answer.
    @Test func othersAreToldOfOpenEventsThatFillARoute() throws {
        var bounded = MachineFixture.rule
        bounded.name = "bounded"
        bounded.match.projects = [Glob("chu*")]
        bounded.quota = Route.Quota(acceptedPerHour: 4)
        let fixture = try MachineFixture(routes: Routes([bounded]))
        let leases = try fixture.hold()
        var words: [String] = []
        for number in 0..<20 {
            fixture.take(
                .group(
                    .records(
                        leases.inbox,
                        [fixture.passedOn(leases.inbox, self.ours[number % self.ours.count], run: try fixture.run())]
                    )
                )
            )
            while let transaction = fixture.transaction {
                words += transaction.entries.map(\.words).filter { $0.hasPrefix("room") }
                try fixture.commit()
            }
            fixture.pass(1)
        }
        #expect(words.contains { $0.contains("bounded") })
    }

    /// The hour has gone by of a route that is full for another reason.
    @Test func nobodySpinsWhereTheHourIsOverAndTheRouteIsFull() throws {
        var bounded = MachineFixture.rule
        bounded.quota = Route.Quota(underWay: 2, acceptedPerHour: 10)
        let fixture = try MachineFixture(routes: Routes([bounded]))
        let leases = try fixture.hold()
        fixture.take(
            fixture.events(leases.events, self.ours[0], self.ours[1], runs: [try fixture.run(), try fixture.run()])
        )
        #expect(fixture.unfinished == 1)
        while fixture.transaction != nil { try fixture.commit() }
        fixture.pass(3_700)
        var woken: [Double] = []
        for _ in 0..<10 {
            fixture.take(.woke)
            while fixture.transaction != nil { try fixture.commit() }
            guard let wake = fixture.turn.wakeAt else { break }
            let wait = Double(wake.nanoseconds - fixture.now.monotonic.nanoseconds) / 1e9
            woken.append(wait)
            fixture.pass(max(wait, 0) + 1e-6)
        }
        #expect(!(woken.count == 10 && woken.allSatisfy { $0 < 0.01 }))
    }

    /// A source rules a route out, and the event waits for it all the same.
    @Test func anOpenEventDoesNotWaitForARouteOfAnotherSource() throws {
        var (first, second) = (MachineFixture.rule, MachineFixture.rule)
        (first.name, second.name) = ("first", "second")
        (first.match.projects, second.match.projects) = ([Glob("chu*")], [Glob("chu*")])
        (first.match.sources, second.match.sources) = ([Glob("/a")], [Glob("/b")])
        second.quota = Route.Quota(underWay: 2)
        let fixture = try MachineFixture(routes: Routes([first, second]))
        let leases = try fixture.hold()
        func event(_ source: String, _ number: Int, _ members: String) throws -> IntakeEntry {
            let headers = [
                RecordHeader("ce_specversion", "1.0"), RecordHeader("ce_type", "ai.experiment.run.finished.v1"),
                RecordHeader("ce_source", source), RecordHeader("ce_id", "e\(number)"),
                RecordHeader("content-type", "application/json"),
            ]
            let text =
                #"{"projectId":"\#(fixture.project)","experimentId":"\#(fixture.experiment)","runId":"\#(try fixture.run())","#
                + #""model":{"name":"\#(self.ours[number])"}\#(members)}"#
            return fixture.entry(leases.events, text, headers: headers)
        }
        fixture.take(.group(.records(leases.events, [try event("/b", 0, #","projectName":"churn""#)])))
        #expect(fixture.unfinished == 1)
        fixture.take(.group(.records(leases.events, [try event("/a", 1, "")])))
        #expect(fixture.unfinished == 2)
    }
}

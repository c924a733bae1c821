// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Testing
import Values

/// Registered models are known by name alone: those of one name from several projects are kept apart (S11).
struct RegistryNameTests {
    /// Models whose owner is the partition held.
    private let ours = ModelNames.owned(by: 0)

    private static func fixture(_ change: (inout Route) throws -> Void = { _ in }) throws -> MachineFixture {
        var route = MachineFixture.rule
        try change(&route)
        return try MachineFixture(routes: Routes([route])) { $0.policy.ownsRegistryNames = true }
    }

    /// An event of a run in some project.
    private func event(
        _ fixture: MachineFixture,
        _ lease: Lease,
        _ model: String,
        _ run: String,
        in place: (project: String, experiment: String)? = nil
    ) -> Input {
        let (project, experiment) = place ?? (fixture.project, fixture.experiment)
        let text =
            #"{"projectId":"\#(project)","experimentId":"\#(experiment)","runId":"\#(run)","model":{"name":"\#(model)"}}"#
        return .group(.records(lease, [fixture.entry(lease, text)]))
    }

    private func otherPlace(_ fixture: MachineFixture) throws -> (project: String, experiment: String) {
        let project = try fixture.make("team-b")
        return (project, try fixture.make("other", experimentOf: project))
    }

    @Test func anotherProjectsModelOfThatNameGetsNoVersionOfOurs() throws {
        let fixture = try Self.fixture()
        let leases = try fixture.hold()
        let place = try self.otherPlace(fixture)
        let name = self.ours[0]
        let foreign = try fixture.run(in: place.project, place.experiment)
        try fixture.register(foreign, as: name, in: place.project, place.experiment)
        fixture.take(self.event(fixture, leases.events, name, try fixture.run()))
        try fixture.finish()
        let end = try #require(fixture.ends[name]?.last)
        #expect(end.phase == .failed && end.cause?.class == .registryNameTaken)
        #expect(end.cause?.message.contains("was made for project '\(place.project)' (version 1, ") == true)
        #expect(end.cause?.class.nextStep.contains("registry.name") == true)
        #expect(!fixture.sent.contains("CreateRegisteredModel"))
    }

    @Test func theSecondOfTwoProjectsEndsByNameAndTheFirstGoesOn() throws {
        let fixture = try Self.fixture()
        let leases = try fixture.hold()
        let place = try self.otherPlace(fixture)
        let name = self.ours[0]
        fixture.take(self.event(fixture, leases.events, name, try fixture.run()))
        try fixture.finish()
        let foreign = try fixture.run(in: place.project, place.experiment)
        fixture.take(self.event(fixture, leases.events, name, foreign, in: place))
        try fixture.finish()
        fixture.pass(60)
        fixture.take(self.event(fixture, leases.events, name, try fixture.run()))
        try fixture.finish()
        #expect(fixture.ends[name]?.map(\.phase) == [.deployed, .failed, .deployed])
        #expect(fixture.ends[name]?[1].cause?.class == .registryNameTaken)
    }

    @Test func aLaneThatHasALiveDeploymentNeedsNoFurtherLook() throws {
        let fixture = try Self.fixture()
        let leases = try fixture.hold()
        for _ in 0..<2 {
            fixture.pass(60)
            fixture.take(self.event(fixture, leases.events, self.ours[0], try fixture.run()))
            try fixture.finish()
        }
        #expect(fixture.ends[self.ours[0]]?.map(\.phase) == [.deployed, .deployed])
        #expect(fixture.sent.count { $0 == "ListRegisteredModels" } == 1)
    }

    @Test func whatIsLiveSaysNothingOfAnotherRegisteredName() throws {
        let fixture = try Self.fixture { route in
            let fields = ModelNameTemplate.Field.ofRegisteredModels
            route.registryName = try ModelNameTemplate("{experimentName|slug}-{model}", fields: fields)
        }
        let leases = try fixture.hold()
        let place = try self.otherPlace(fixture)
        let name = self.ours[0]
        let foreign = try fixture.run(in: place.project, place.experiment)
        try fixture.register(foreign, as: "second-\(name)", in: place.project, place.experiment)
        fixture.take(self.event(fixture, leases.events, name, try fixture.run()))
        try fixture.finish()
        // The same lane, and by its experiment's name the registered model of the other project.
        let second = try fixture.make("second", experimentOf: fixture.project)
        let run = try fixture.run(in: fixture.project, second)
        fixture.pass(60)
        fixture.take(self.event(fixture, leases.events, name, run, in: (fixture.project, second)))
        try fixture.finish()
        #expect(fixture.ends[name]?.map(\.phase) == [.deployed, .failed])
        #expect(fixture.ends[name]?.last?.cause?.class == .registryNameTaken)
        #expect(fixture.sent.count { $0 == "CreateRegisteredModel" } == 1)
    }

    @Test func aRouteGivesEachProjectNamesOfItsOwn() throws {
        let fixture = try Self.fixture { route in
            let fields = ModelNameTemplate.Field.ofRegisteredModels
            route.registryName = try ModelNameTemplate("{projectName|slug}-{model}", fields: fields)
        }
        let leases = try fixture.hold()
        let place = try self.otherPlace(fixture)
        let name = self.ours[0]
        fixture.take(self.event(fixture, leases.events, name, try fixture.run()))
        try fixture.finish()
        let foreign = try fixture.run(in: place.project, place.experiment)
        fixture.take(self.event(fixture, leases.events, name, foreign, in: place))
        try fixture.finish()
        #expect(fixture.ends[name]?.map(\.phase) == [.deployed, .deployed])
        let names = fixture.registeredNames
        #expect(names.contains("churn-\(name)") && names.contains("team-b-\(name)") && !names.contains(name))
    }

    @Test func aRunOfAProjectThatItsRouteDoesNotAllowIsRefusedByName() throws {
        let fixture = try Self.fixture { $0.projects = [Glob("team-*")] }
        let leases = try fixture.hold()
        let place = try self.otherPlace(fixture)
        fixture.take(self.event(fixture, leases.events, self.ours[0], try fixture.run()))
        try fixture.finish()
        let end = try #require(fixture.ends[self.ours[0]]?.last)
        #expect(end.phase == .failed && end.cause?.class == .projectNotAllowed)
        #expect(
            end.cause?.message
                == "the run is of project '\(fixture.project)' ('churn'), route 'all' allows team-*"
        )
        let own = try fixture.run(in: place.project, place.experiment)
        fixture.take(self.event(fixture, leases.events, self.ours[1], own, in: place))
        try fixture.finish()
        #expect(fixture.ends[self.ours[1]]?.map(\.phase) == [.deployed])
    }

    /// Each limit, and what an event asks for beyond it; the name is the facts' alone.
    @Test(arguments: [
        #""deployment":{"cpu":9}"#, #""deployment":{"memoryGB":33}"#, #""deployment":{"gpus":1}"#,
        #""deployment":{"replicas":5}"#, #""deployment":{"environment":{"X":"1"}}"#, #""build":{"runtime":"other"}"#,
    ])
    func everyLimitOfTheRouteThatTheFactsChooseIsJudged(wish: String) throws {
        // What the event says leads to the lax route, what the workbench says to the strict one.
        var (lax, strict) = (MachineFixture.rule, MachineFixture.rule)
        lax.name = "lax"
        lax.match.experiments = [Glob("*-*")]
        lax.limits = Route.Limits(cpu: 99, memoryGB: 99, gpus: 9, replicas: 9, environment: [Glob("*")])
        strict.name = "strict"
        strict.limits.runtimes = []
        let fixture = try MachineFixture(routes: Routes([strict.matching("e"), lax, strict]))
        let leases = try fixture.hold()
        let event = fixture.event(leases.events, self.ours[0], run: try fixture.run(), ",\(wish)")
        fixture.take(.group(.records(leases.events, [event])))
        try fixture.finish()
        let end = try #require(fixture.ends[self.ours[0]]?.last)
        #expect(end.phase == .failed && end.cause?.class == .overLimit)
        #expect(end.cause?.message.contains("strict") == true)
    }
}

extension Route {
    /// The same for one experiment.
    fileprivate func matching(_ experiment: String) -> Route {
        var route = self
        route.name = "strict-\(experiment)"
        route.match.experiments = [Glob(experiment)]
        return route
    }
}

// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Testing
import Values

/// Events that claim more than they may, through intake, machine and sandbox: the inputs of the security review.
struct ClaimTests {
    /// Two teams: `ml-production` is nobody's in the routes, `team-b-project` is team b's; with a gate for one experiment.
    private static func routes() throws -> Routes {
        var gated = MachineFixture.rule
        gated.name = "gated"
        gated.match.experiments = [Glob("accurate")]
        gated.modelName = try ModelNameTemplate("{experimentName,experimentId|slug}")
        gated.gates = [Gate(source: .tag, key: "approved")]
        var own = MachineFixture.rule
        own.name = "own"
        own.match.projects = [Glob("team-b-project")]
        own.modelName = try ModelNameTemplate("{experimentName,experimentId|slug}")
        own.limits.modelNames = [Glob("b-*"), Glob("e")]
        return Routes([gated, own])
    }

    /// Lets one event come to its end.
    ///
    /// - Returns: What is told of its rollout in the end.
    private func end(_ text: String, in fixture: MachineFixture) throws -> RolloutState {
        let leases = try fixture.hold()
        var entry = fixture.entry(leases.events, text)
        // An event whose model is not certain belongs to the hash of its place; the fixture holds one partition of two.
        for _ in 0..<30 where !Self.isOurs(entry) { entry = fixture.entry(leases.events, text) }
        fixture.take(.group(.records(leases.events, [entry])))
        try fixture.finish()
        let end = try #require(fixture.phases.last)
        try #require(end.phase.isTerminal)
        return end
    }

    private static func isOurs(_ entry: IntakeEntry) -> Bool {
        guard case .rollout(let state) = entry.decision else { return true }
        return state.partition == 0
    }

    @Test("an allowed project's name beside another one's id deploys nothing (S1, input A)")
    func nameOfAnotherProject() throws {
        let fixture = try MachineFixture(routes: try Self.routes())
        _ = try fixture.make("team-b-project")
        let run = try fixture.run()
        let model = try #require((0..<30).map { "b-\($0)" }.first { Ownership.owner(of: $0, count: 2) == 0 })
        let state = try self.end(
            #"{"projectId":"\#(fixture.project)","projectName":"team-b-project","experimentId":"\#(fixture.experiment)","#
                + #""runId":"\#(run)","model":{"name":"\#(model)"}}"#,
            in: fixture
        )
        #expect(state.cause?.class == .contradiction)
        #expect(state.cause?.message.contains("team-b-project") == true)
        #expect(state.cause?.message.contains("churn") == true)
        #expect(!fixture.sent.contains("CreateRegisteredModel"))
    }

    @Test("a name that leads past the gate beside the experiment's true id deploys nothing (S1, input B)")
    func nameThatLeadsPastTheGate() throws {
        let fixture = try MachineFixture(routes: try Self.routes())
        let project = try fixture.make("team-b-project")
        let experiment = try fixture.make("accurate", experimentOf: project)
        let run = try fixture.run(in: project, experiment)
        let place = #""projectName":"team-b-project","experimentId":"\#(experiment)","runId":"\#(run)""#
        let forged = try self.end(#"{\#(place),"experimentName":"e"}"#, in: fixture)
        #expect(forged.cause?.class == .contradiction)
        #expect(!fixture.sent.contains("CreateRegisteredModel"))
    }

    @Test("the gate of the route that names the facts decides, also for an event that gives the id alone (S1)")
    func gateOfTheFacts() throws {
        let fixture = try MachineFixture(routes: try Self.routes())
        let project = try fixture.make("team-b-project")
        let experiment = try fixture.make("accurate", experimentOf: project)
        let run = try fixture.run(in: project, experiment)
        let state = try self.end(
            #"{"projectName":"team-b-project","experimentId":"\#(experiment)","runId":"\#(run)"}"#,
            in: fixture
        )
        #expect(state.phase == .skipped)
        #expect(state.cause?.class == .gate)
        #expect(state.plan.route == "gated")
    }

    @Test("a name of the template is held against the limits like one of the event's (S10)")
    func nameOfTheTemplate() throws {
        let fixture = try MachineFixture(routes: try Self.routes())
        let project = try fixture.make("team-b-project")
        let experiment = try fixture.make("churn-clf-of-team-a", experimentOf: project)
        let run = try fixture.run(in: project, experiment)
        let state = try self.end(
            #"{"projectName":"team-b-project","experimentId":"\#(experiment)","runId":"\#(run)"}"#,
            in: fixture
        )
        #expect(state.cause?.class == .overLimit)
        #expect(state.cause?.message == "the model's name is 'churn-clf-of-team-a', route 'own' allows b-*, e")
    }

    @Test("of two projects of one name none is taken (S11)")
    func ambiguousProject() throws {
        let fixture = try MachineFixture(routes: try Self.routes())
        let two = [try fixture.make("team-b-project"), try fixture.make("team-b-project")]
        let state = try self.end(#"{"projectName":"team-b-project","experimentName":"e"}"#, in: fixture)
        #expect(state.cause?.class == .projectAmbiguous)
        for id in two { #expect(state.cause?.message.contains(id) == true) }
    }

    @Test("an image that the workbench has not enabled is not built with (S16)")
    func unknownImage() throws {
        let fixture = try MachineFixture()
        let run = try fixture.run()
        let image = "evil.registry.example/backdoor:latest"
        let state = try self.end(
            #"{"projectId":"\#(fixture.project)","experimentId":"\#(fixture.experiment)","runId":"\#(run)","#
                + #""model":{"name":"m"},"build":{"runtime":"\#(image)"}}"#,
            in: fixture
        )
        #expect(state.cause?.class == .runtimeNotFound)
        #expect(state.cause?.message.contains(image) == true)
        #expect(!fixture.sent.contains("CreateModelBuild"))
    }

    @Test("a foreign experiment or run under the own project's id deploys nothing (S19)", arguments: [true, false])
    func foreignRun(foreignExperiment: Bool) throws {
        let fixture = try MachineFixture()
        let project = try fixture.make("team-b-project")
        let own = try fixture.make("own", experimentOf: project)
        let run = try fixture.run()
        let experiment = foreignExperiment ? fixture.experiment : own
        let state = try self.end(
            #"{"projectId":"\#(project)","experimentId":"\#(experiment)","runId":"\#(run)","model":{"name":"m"}}"#,
            in: fixture
        )
        #expect(state.phase == .failed)
        let wanted: [CauseClass] =
            foreignExperiment ? [.contradiction, .experimentNotFound] : [.contradiction, .runNotFound]
        #expect(state.cause.map { wanted.contains($0.class) } == true)
        #expect(!fixture.sent.contains("CreateRegisteredModel"))
    }

    @Test("a wrong project id is told as that, in the workbench's own words (A5)")
    func wrongProject() throws {
        let fixture = try MachineFixture()
        let state = try self.end(
            #"{"projectId":"aaaa-bbbb-cccc-dddd","experimentId":"e","runId":"r","model":{"name":"m"}}"#,
            in: fixture
        )
        #expect(state.cause?.class == .projectNotFound)
        #expect(
            state.cause?.message.contains("there is no project 'aaaa-bbbb-cccc-dddd'; the workbench says: ") == true
        )
    }

    @Test("an event goes on without fields that mean nothing, and its first status tells them (A6)")
    func unknownFields() throws {
        let fixture = try MachineFixture()
        let run = try fixture.run()
        let state = try self.end(
            #"{"projectId":"\#(fixture.project)","experimentId":"\#(fixture.experiment)","runId":"\#(run)","#
                + #""model":{"name":"m"},"modle":{"name":"other"},"memory_gb":8}"#,
            in: fixture
        )
        #expect(state.phase == .deployed)
        let accepted = try #require(fixture.phases.first)
        let status = StatusFacts(accepted).record(source: "s", topic: "t")
        let text = String(decoding: status.value ?? [], as: UTF8.self)
        #expect(text.contains("did you mean 'data.model'?"))
        #expect(text.contains("did you mean 'data.deployment.memoryGB'?"))
        #expect(state.plan.claim == nil, "what is resolved keeps no claim")
    }
}

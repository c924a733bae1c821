// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Testing
import Values

@Suite struct RoutesTests {
    private static let python = RuntimeChoice.newest(kernel: "Python 3.10", edition: "Standard", editor: nil)

    private func event(_ change: (inout RunFinishedEvent) -> Void = { _ in }) -> RunFinishedEvent {
        var event = RunFinishedEvent(
            source: "/jobs/train",
            id: "i",
            time: wall(1),
            subject: "nightly",
            data: RunFinishedData(
                run: RunReference(
                    projectID: "p-1",
                    experimentID: "e-1",
                    experimentName: "XGB telco/alice",
                    runID: "r-1"
                )
            ),
            origin: Origin(topic: "t", partition: 0, offset: 0)
        )
        change(&event)
        return event
    }

    private func route(_ name: String = "all", _ change: (inout Route) throws -> Void = { _ in }) throws -> Route {
        let template = try ModelNameTemplate("{experimentName,experimentId|slug}")
        var route = Route(name: name, modelName: template, runtime: Self.python)
        try change(&route)
        return route
    }

    private func plan(_ decision: RouteDecision, _ location: SourceLocation = #_sourceLocation) throws -> RolloutPlan {
        guard case .plan(let plan) = decision else {
            Issue.record("no plan: \(decision)", sourceLocation: location)
            throw CancellationError()
        }
        return plan
    }

    private func refusal(_ decision: RouteDecision) -> Cause? {
        switch decision {
        case .plan: nil
        case .skip(let cause, _), .fail(let cause, _): cause
        }
    }

    @Test func catchAllPlansAnyFinishedRunWithTheDefaults() throws {
        let plan = try self.plan(Routes([self.route()]).decide(self.event(), defaultProjectID: nil))
        var wanted = RolloutPlan(
            route: "all",
            run: self.event().data.run,
            modelName: "xgb-telco-alice",
            artifactPath: "artifacts",
            runtime: Self.python
        )
        wanted.claim = Claim(self.event())
        #expect(plan == wanted)
        #expect(plan.deployment == DeploymentSize(cpu: 2, memoryGB: 4, gpus: 0, replicas: 1))
        #expect(!plan.disableAuthentication)
    }

    @Test func firstMatchDecides() throws {
        let routes = Routes([
            try self.route("one") { $0.match.experiments = [Glob("churn-*")] },
            try self.route("two") { $0.match.experiments = [Glob("other"), Glob("XGB*")] },
            try self.route("three"),
        ])
        #expect(try self.plan(routes.decide(self.event(), defaultProjectID: nil)).route == "two")
    }

    @Test func eachPartOfAMatchCounts() throws {
        func decides(_ match: Route.Match, _ change: (inout RunFinishedEvent) -> Void = { _ in }) throws -> Bool {
            let decision = Routes([try self.route { $0.match = match }]).decide(
                self.event(change),
                defaultProjectID: nil
            )
            if case .plan = decision { return true }
            #expect(self.refusal(decision)?.class == .noRoute)
            return false
        }
        #expect(try decides(Route.Match(projects: [Glob("p-?")])))
        #expect(try !decides(Route.Match(projects: [Glob("q-?")])) { $0.data.run.projectName = "Churn" })
        #expect(try decides(Route.Match(projects: [Glob("Churn")])) { $0.data.run.projectName = "Churn" })
        #expect(try decides(Route.Match(experiments: [Glob("e-1")])))
        #expect(try decides(Route.Match(experiments: [Glob("*/alice")])))
        #expect(try decides(Route.Match(sources: [Glob("/jobs/*")])))
        #expect(try !decides(Route.Match(sources: [Glob("/jobs/*")])) { $0.isCloudEvent = false })
        #expect(try !decides(Route.Match(projects: [Glob("p-1")], experiments: [Glob("none")])))
    }

    /// An event that names by ids what a rule names by names, or the other way round: only the workbench knows.
    @Test func whatAnEventDoesNotSayIsNotHeldAgainstIt() throws {
        let narrow = try self.route("narrow") {
            $0.match.projects = [Glob("churn-*")]
            $0.limits.gpus = 2
        }
        let rest = try self.route("rest") { $0.limits.gpus = 0 }
        let event = self.event { $0.data.deployment.gpus = 1 }
        for routes in [Routes([narrow]), Routes([narrow, rest])] {
            let plan = try self.plan(routes.decide(event, defaultProjectID: nil))
            #expect(plan.route.isEmpty, "no rule has decided")
        }
        // What the workbench says decides at once.
        let named = self.event {
            $0.data.run.projectName = "churn-nl"
            $0.data.deployment.gpus = 1
        }
        #expect(try self.plan(Routes([narrow, rest]).decide(named, defaultProjectID: nil)).route == "narrow")
        let other = self.event {
            $0.data.run.projectName = "iris"
            $0.data.deployment.gpus = 1
        }
        #expect(self.refusal(Routes([narrow, rest]).decide(other, defaultProjectID: nil))?.class == .overLimit)
        #expect(self.refusal(Routes([narrow]).decide(other, defaultProjectID: nil))?.class == .noRoute)
        // A topic is certain, and what ends an event by every rule ends it now.
        let elsewhere = try self.route { $0.match = Route.Match(projects: [Glob("churn-*")], topics: [Glob("b")]) }
        #expect(self.refusal(Routes([elsewhere]).decide(event, defaultProjectID: nil))?.class == .noRoute)
        let running = self.event { $0.data.status = "RUNNING" }
        #expect(self.refusal(Routes([narrow]).decide(running, defaultProjectID: nil))?.class == .runNotFinished)
        let wrong = self.event { $0.data.model.name = "a/b" }
        #expect(self.refusal(Routes([narrow]).decide(wrong, defaultProjectID: nil))?.class == .invalidName)
    }

    @Test(arguments: [nil, "FINISHED", "finished", "EXPERIMENT_RUN_FINISHED"])
    func finishedIsKnownHoweverItIsWritten(status: String?) throws {
        let event = self.event { $0.data.status = status }
        _ = try self.plan(Routes([self.route()]).decide(event, defaultProjectID: nil))
    }

    @Test(arguments: ["RUNNING", "EXPERIMENT_RUN_FAILED", "killed", "whatever"])
    func runThatHasNotFinishedIsSkipped(status: String) throws {
        let event = self.event { $0.data.status = status }
        let decision = Routes([try self.route()]).decide(event, defaultProjectID: nil)
        guard case .skip(let cause, let plan) = decision else { throw CancellationError() }
        #expect(cause.class == .runNotFinished)
        #expect(plan.run.runID == "r-1")
        let asked = try self.route {
            $0.match = Route.Match(statuses: ["experiment_run_\(status)".lowercased(), status])
        }
        _ = try self.plan(Routes([asked]).decide(event, defaultProjectID: nil))
    }

    @Test func projectComesFromTheSettingsWhereTheEventNamesNone() throws {
        let event = self.event { $0.data.run.projectID = nil }
        let routes = Routes([try self.route { $0.match.projects = [Glob("home")] }])
        #expect(try self.plan(routes.decide(event, defaultProjectID: "home")).run.projectID == "home")
        #expect(self.refusal(routes.decide(event, defaultProjectID: nil))?.class == .noRoute)
        #expect(
            self.refusal(Routes([try self.route()]).decide(event, defaultProjectID: nil))?.class == .projectNotFound
        )
        let named = self.event { ($0.data.run.projectID, $0.data.run.projectName) = (nil, "Churn") }
        #expect(try self.plan(Routes([self.route()]).decide(named, defaultProjectID: "home")).run.projectID == nil)
    }

    @Test func wishesOfTheEventWinWithinTheLimits() throws {
        let event = self.event { event in
            event.data.model = .init(name: "churn-model", artifactPath: "model", description: "d")
            event.data.build = .init(runtime: "registry/image:1", comment: "c")
            event.data.deployment = .init(cpu: 8, memoryGB: 32, gpus: 1, replicas: 4, environment: ["APP_MODE": "x"])
        }
        let route = try self.route { route in
            route.deployment = DeploymentSize(gpus: 1, environment: ["APP_MODE": "y", "KEPT": "z"])
            route.limits.environment = [Glob("APP_*")]
        }
        let plan = try self.plan(Routes([route]).decide(event, defaultProjectID: nil))
        #expect(plan.modelName == "churn-model")
        #expect(plan.artifactPath == "model")
        #expect(plan.modelDescription == "d")
        #expect(plan.runtime == .identifier("registry/image:1"))
        #expect(plan.buildComment == "c")
        let environment = ["APP_MODE": "x", "KEPT": "z"]
        #expect(plan.deployment == DeploymentSize(cpu: 8, memoryGB: 32, gpus: 1, replicas: 4, environment: environment))
    }

    @Test(arguments: [
        (RunFinishedData.DeploymentWish(cpu: 8.1), "deployment.cpu 8.1, route 'all' allows 8.0"),
        (RunFinishedData.DeploymentWish(memoryGB: 33), "deployment.memoryGB 33.0, route 'all' allows 32.0"),
        (RunFinishedData.DeploymentWish(gpus: 1), "deployment.gpus 1, route 'all' allows 0"),
        (RunFinishedData.DeploymentWish(replicas: 5), "deployment.replicas 5, route 'all' allows 4"),
        (RunFinishedData.DeploymentWish(environment: ["PATH": "/"]), "environment variable PATH, which route 'all'"),
    ])
    func askingForMoreThanAllowedFails(wish: RunFinishedData.DeploymentWish, message: String) throws {
        let decision = Routes([try self.route()]).decide(
            self.event { $0.data.deployment = wish },
            defaultProjectID: nil
        )
        guard case .fail(let cause, let plan) = decision else { throw CancellationError() }
        #expect(cause.class == .overLimit)
        #expect(cause.message.contains(message))
        #expect(plan.modelName == "xgb-telco-alice")
        #expect(plan.route == "all")
    }

    @Test func namesAndRuntimesCanBeLimited() throws {
        let route = try self.route { route in
            route.limits.modelNames = [Glob("team-*")]
            route.limits.runtimes = []
        }
        func cause(_ change: (inout RunFinishedEvent) -> Void) -> Cause? {
            self.refusal(Routes([route]).decide(self.event(change), defaultProjectID: nil))
        }
        #expect(cause { $0.data.model.name = "team-a" } == nil)
        #expect(cause { $0.data.model.name = "other" }?.class == .overLimit)
        #expect(cause { $0.data.build.runtime = "image" }?.class == .overLimit)
    }

    @Test(arguments: [
        "../x", "a/b", "-a", "a-", "a\nb", "a\u{0}b", "🚀", "é", ".hidden", " a", "a ",
        String(repeating: "a", count: 300),
        String(repeating: "a", count: 49), "a:b", "\u{212A}elvin",
    ])
    func modelNameThatAWorkbenchCantTakeFails(name: String) throws {
        let decision = Routes([try self.route()]).decide(
            self.event { $0.data.model.name = name },
            defaultProjectID: nil
        )
        guard case .fail(let cause, let plan) = decision else { throw CancellationError() }
        #expect(cause.class == .invalidName)
        #expect(plan.modelName.utf8.count <= 100)
    }

    @Test func modelWithoutANameFails() throws {
        let bare = try self.route { $0.modelName = nil }
        #expect(self.refusal(Routes([bare]).decide(self.event(), defaultProjectID: nil))?.class == .invalidName)
        let byName = try self.route { $0.modelName = try ModelNameTemplate("m-{subject}") }
        let cause = self.refusal(Routes([byName]).decide(self.event { $0.subject = nil }, defaultProjectID: nil))
        #expect(cause?.class == .invalidName)
        #expect(cause?.message == "the route's model name needs subject, which the event does not give")
    }

    /// The run's own facts will say it.
    @Test(arguments: ["projectId", "experimentId", "runId"])
    func modelWhoseNameNeedsFactsIsPending(field: String) throws {
        let route = try self.route { $0.modelName = try ModelNameTemplate("m-{\(field)}") }
        let event = self.event { event in
            event.data.model.name = nil
            event.data.run = RunReference(projectName: "p", experimentName: "e")
        }
        guard case .plan(let plan) = Routes([route]).decide(event, defaultProjectID: nil) else {
            Issue.record("it is refused")
            return
        }
        #expect(plan.naming == PendingName(template: "m-{\(field)}", subject: event.subject))
        #expect(plan.certainModelName == nil)
    }

    @Test func noRoutesAtAllSkip() {
        let decision = Routes([]).decide(self.event(), defaultProjectID: nil)
        #expect(self.refusal(decision)?.class == .noRoute)
    }
}

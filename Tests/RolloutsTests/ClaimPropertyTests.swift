// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// No event's text widens what its sender may do: whatever it says, what is made lies within the route that names the facts.
struct ClaimPropertyTests {
    /// A workbench that checks nothing of a path but its last part, as a lenient one may.
    private struct World {
        static let projects = [
            ProjectFacts(id: "p-a", name: "alpha", owner: "u1"), ProjectFacts(id: "p-b", name: "beta", owner: "u2"),
            ProjectFacts(id: "p-c", name: "beta", owner: "u3"),
        ]
        static let experiments = [
            ExperimentFacts(id: "e-a", projectID: "p-a", name: "churn"),
            ExperimentFacts(id: "e-b", projectID: "p-b", name: "churn"),
            ExperimentFacts(id: "e-c", projectID: "p-b", name: "iris"),
            ExperimentFacts(id: "e-d", projectID: "p-a", name: "iris"),
            ExperimentFacts(id: "e-e", projectID: "p-a", name: "iris"),
        ]
        static let enabled = ["image-1", "image-2"]

        static func run(_ id: String) -> RunFacts? {
            guard let experiment = self.experiments.first(where: { id.hasPrefix("r-\($0.id)-") }) else { return nil }
            return RunFacts(
                projectID: experiment.projectID,
                experimentID: experiment.id,
                runID: id,
                status: .finished,
                start: wall(1_700_000_000_000),
                tags: id.hasSuffix("good") ? ["stage": "production"] : [:]
            )
        }

        static func answer(_ call: APICall) -> CallResult {
            switch call {
            case .readProject(let id): self.one(self.projects.filter { $0.id == id }) { .projects($0) }
            case .findProject(let name): .projects(self.projects.filter { $0.name == name })
            case .readExperiment(_, let id): self.one(self.experiments.filter { $0.id == id }) { .experiments($0) }
            case .findExperiment(let project, let name):
                .experiments(self.experiments.filter { $0.projectID == project && $0.name == name })
            case .readRun(_, _, let id): self.run(id).map { .run($0) } ?? .absent(.gone)
            case .newestRun(_, let experiment): .run(self.run("r-\(experiment)-bad"))
            case .findRuntime(.identifier(let image)):
                .runtime(identifier: self.enabled.contains(image) ? image : nil)
            case .findRuntime: .runtime(identifier: "image-1")
            case .findVersion: .version(nil)
            case .registerVersion, .readVersion: .version(.sample(.ready))
            case .findModel: .model(nil)
            case .createModel: .model(ModelFacts(modelID: "m", registeredModelID: "rm"))
            case .findBuild: .build(nil)
            case .createBuild, .readBuild: .build(BuildFacts(buildID: "b", progress: .ready))
            case .findDeployment: .deployment(nil)
            case .createDeployment, .readDeployment:
                .deployment(DeploymentFacts(deploymentID: "d", progress: .ready))
            case .verify: .verification(.passed)
            case .probe: .alive
            case .sweep: .marked([])
            }
        }

        private static func one<Facts>(_ found: [Facts], _ result: ([Facts]) -> CallResult) -> CallResult {
            found.isEmpty ? .absent(.gone) : result(found)
        }
    }

    private static func routes() throws -> Routes {
        let template = try ModelNameTemplate("{experimentName|slug}")
        var alpha = Route(name: "alpha", modelName: template, runtime: .identifier("image-1"))
        alpha.match.projects = [Glob("alpha")]
        alpha.match.experiments = [Glob("churn")]
        alpha.gates = [Gate(source: .tag, key: "stage", equals: "production")]
        alpha.limits.modelNames = [Glob("a-*")]
        alpha.limits.runtimes = []
        var beta = Route(
            name: "beta",
            modelName: try ModelNameTemplate("b-{subject,runId|slug}"),
            runtime: .identifier("image-1")
        )
        beta.match.projects = [Glob("p-b"), Glob("p-c")]
        beta.match.topics = [Glob("team-b")]
        beta.limits = Route.Limits(cpu: 2, environment: [Glob("MODEL_*")], modelNames: [Glob("b-*")])
        var free = Route(name: "free", modelName: template, runtime: .newest(kernel: "k", edition: "e", editor: nil))
        free.match.experiments = [Glob("iris")]
        free.match.projects = [Glob("p-a")]
        free.limits.modelNames = [Glob("iris"), Glob("free-*")]
        return Routes([alpha, beta, free])
    }

    /// What the route asks for, said once more and in another way.
    private static func takes(_ route: Route, _ run: RunFacts, topic: String) -> Bool {
        let experiment = World.experiments.first { $0.id == run.experimentID }
        let project = World.projects.first { $0.id == run.projectID }
        func fits(_ globs: [Glob], _ texts: String?...) -> Bool {
            globs.isEmpty || globs.contains { glob in texts.contains { $0.map { glob.matches($0) } ?? false } }
        }
        return fits(route.match.projects, project?.id, project?.name)
            && fits(route.match.experiments, experiment?.id, experiment?.name) && fits(route.match.topics, topic)
    }

    private static func text(_ random: inout SeededGenerator) -> String {
        func pick(_ texts: [String]) -> String { texts.randomElement(using: &random) ?? "" }
        func maybe(_ chance: Int, _ text: () -> String) -> String? {
            Int.random(in: 0..<100, using: &random) < chance ? text() : nil
        }
        let experiment = pick(World.experiments.map(\.id))
        let project = World.experiments.first { $0.id == experiment }?.projectID ?? ""
        let members = [
            maybe(70) { #""projectId":"\#(pick([project, project, project, "p-a", "p-b", "p-c", "p-x"]))""# },
            maybe(30) { #""projectName":"\#(pick(["alpha", "beta", "p-b"]))""# },
            maybe(70) { #""experimentId":"\#(pick([experiment, experiment, experiment, experiment, "e-a"]))""# },
            maybe(30) { #""experimentName":"\#(pick(["churn", "iris", "e-b"]))""# },
            maybe(80) {
                #""runId":"r-\#(pick([experiment, experiment, experiment, experiment, "e-b"]))-\#(pick(["good", "bad"]))""#
            },
            maybe(40) { #""model":{"name":"\#(pick(["a-x", "b-x", "free-1", "churn", "iris"]))"}"# },
            maybe(30) { #""build":{"runtime":"\#(pick(["image-1", "image-2", "evil"]))"}"# },
            maybe(30) {
                #""deployment":{"cpu":\#(pick(["1", "4", "64"])),"environment":{"\#(pick(["MODEL_A", "EVIL"]))":"1"}}"#
            },
            maybe(20) { #""status":"\#(pick(["FINISHED", "RUNNING"]))""# },
        ]
        return "{\(members.compactMap(\.self).joined(separator: ","))}"
    }

    @Test func whatIsMadeLiesWithinTheRouteThatNamesTheFacts() throws {
        var made = 0
        for seed in 1...20 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            for number in 0..<200 {
                let topic = Bool.random(using: &random) ? "team-a" : "team-b"
                made += try self.creatingCalls(of: Self.text(&random), topic, number)
            }
        }
        #expect(made > 50, "the world is too strict to show anything")
    }

    /// Lets one event come to its end, and holds every call of it against the facts.
    ///
    /// - Returns: How many of them were creating ones.
    private func creatingCalls(of text: String, _ topic: String, _ number: Int) throws -> Int {
        let routes = try Self.routes()
        let settings = Intake.Settings(routes: routes, defaultProjectID: "p-a", workbench: "w", inboxPartitions: 1)
        let record = ConsumedRecord(
            topicPartition: TopicPartition(topic, 0),
            offset: Offset(rawValue: Int64(number)),
            value: Array(text.utf8),
            headers: []
        )
        let entry = Intake(settings).entry(record, from: ReadPartition(.events(0), 0), now: at(0).wall)
        guard case .rollout(let state) = entry.decision, !state.phase.isTerminal else { return 0 }
        let bench = Bench(plans: routes)
        bench.accept(state)
        var made = 0
        for _ in 0..<100 {
            guard let call = bench.calls.first else { break }
            if call.isCreating { made += 1 }
            let objection = try Self.objection(to: call, state, routes, topic)
            #expect(objection == nil, "\(text) by \(topic)")
            bench.answer(World.answer(call))
        }
        return made
    }

    /// Why nobody may have asked for a call; `nil` where somebody may.
    private static func objection(
        to call: APICall,
        _ state: RolloutState,
        _ routes: Routes,
        _ topic: String
    ) throws -> String? {
        func route(_ runID: String?) -> Route? {
            runID.flatMap { World.run($0) }.flatMap { run in routes.rules.first { Self.takes($0, run, topic: topic) } }
        }
        switch call {
        case .registerVersion(let request):
            guard let run = World.run(request.runID), let route = route(request.runID) else { return "no route" }
            guard run.projectID == request.projectID, run.experimentID == request.experimentID else { return "place" }
            guard route.limits.modelNames.contains(where: { $0.matches(request.modelName) }) else { return "name" }
            guard route.gates.firstUnmet(by: run) == nil else { return "gate" }
        case .createModel(let request):
            guard let route = route(state.plan.run.runID ?? "r-\(state.plan.run.experimentID ?? "")-bad") else {
                // The newest run of an experiment that the event names by name: its version was looked at above.
                return nil
            }
            guard route.limits.modelNames.contains(where: { $0.matches(request.name) }) else { return "name" }
        case .createBuild(let request):
            guard World.enabled.contains(request.runtimeIdentifier) else { return "runtime" }
        case .createDeployment(let request):
            guard let route = route(state.plan.run.runID) else { return nil }
            guard request.size.cpu <= max(route.limits.cpu, route.deployment.cpu) else { return "cpu" }
            let allowed = request.size.environment.keys.allSatisfy { name in
                route.deployment.environment[name] != nil || route.limits.environment.contains { $0.matches(name) }
            }
            guard allowed else { return "environment" }
        default: break
        }
        return nil
    }
}

extension CallFailure {
    fileprivate static let gone = CallFailure(.notFound, message: "not found", httpStatus: 404)
}

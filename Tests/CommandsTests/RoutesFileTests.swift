// SPDX-License-Identifier: Apache-2.0

import Files
import Rollouts
import Settings
import Testing
import Values

@testable import Commands

@Suite struct RoutesFileTests {
    private static let shipped: String = {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        return root + "/config/routes.yaml"
    }()

    private func read(_ text: String) throws -> Routes {
        try RoutesFile.read(Array(text.utf8), file: "routes.yaml")
    }

    private func route(_ text: String) throws -> Route {
        try #require(try self.read(text).rules.first)
    }

    /// The mistakes of a file, one line each.
    private func problems(_ text: String) -> [String] {
        do {
            _ = try self.read(text)
            return []
        } catch {
            return (error as? SettingsError)?.problems.map(\.description) ?? ["\(error)"]
        }
    }

    private func event(_ run: RunReference) -> RunFinishedEvent {
        let origin = Origin(topic: "t", partition: 0, offset: 0)
        return RunFinishedEvent(
            source: "",
            id: "",
            time: nil,
            data: RunFinishedData(run: run),
            isCloudEvent: false,
            origin: origin
        )
    }

    @Test func projectsQuotaAndRegistryNameAreRead() throws {
        let route = try self.route(
            """
            routes:
              - name: team-a
                projects: ["churn-*", "yb6f-*"]
                quota: {underWay: 20, acceptedPerHour: 100, perModelPerHour: 4}
                registry: {name: "{projectName|slug}-{model}"}
            """
        )
        #expect(route.projects == [Glob("churn-*"), Glob("yb6f-*")])
        #expect(route.quota == Route.Quota(underWay: 20, acceptedPerHour: 100, perModelPerHour: 4))
        #expect(route.registryName?.text == "{projectName|slug}-{model}")
    }

    @Test(arguments: [
        (
            "quota: {underWay: 0}",
            "routes[0].quota.underWay: must be a whole number from 1 to 100000, is '0'; leave the key out for no bound"
        ),
        (
            "quota: {acceptedPerHour: many}",
            "routes[0].quota.acceptedPerHour: must be a whole number from 1 to 100000, is 'many'; leave the key out for no bound"
        ),
        (
            "quota: {perModelPerHour: 1001}",
            "routes[0].quota.perModelPerHour: must be a whole number from 1 to 1000, is '1001'; leave the key out for no bound"
        ),
        (
            "quota: {underway: 1}", "routes[0].quota: unknown key 'underway'; did you mean 'underWay'?"
        ),
        (
            "projects: []",
            "routes[0].projects: an empty list lets no project in: name patterns, or leave the key out for any project"
        ),
        (
            "registry: {name: fixed}",
            "routes[0].registry.name: must hold {model}, such as {projectName|slug}-{model}: else all models share one "
                + "registered model"
        ),
        (
            "registry: {name: \"{model}-{runId}\"}",
            "routes[0].registry.name: unknown field 'runId', allowed: projectId, projectName, experimentId, experimentName, "
                + "model"
        ),
    ])
    func wrongBoundsAreNamedWithWhatIsAllowedAndTheWayOut(line: String, problem: String) {
        let problems = self.problems("routes:\n  - name: a\n    \(line)\n")
        #expect(problems.count == 1)
        #expect(problems.first?.contains(problem) == true, "\(problems)")
        #expect(problems.first?.hasPrefix("routes.yaml:3") == true, "\(problems)")
    }

    @Test func shippedFileDeploysAnyFinishedRun() throws {
        let routes = try RoutesFile.load(Self.shipped)
        #expect(try RoutesSource(path: "").load() == routes)
        for run in [
            RunReference(projectID: "p", experimentName: "XGB Telco", runID: "r"), RunReference(experimentID: "e-1"),
        ] {
            guard case .plan(let plan) = routes.decide(self.event(run), defaultProjectID: "home") else {
                Issue.record("no plan")
                continue
            }
            var wanted = RolloutPlan(
                route: "default",
                run: RunReference(
                    projectID: run.projectID ?? "home",
                    experimentID: run.experimentID,
                    experimentName: run.experimentName,
                    runID: run.runID
                ),
                modelName: run.experimentName == nil ? "" : "xgb-telco",
                artifactPath: "artifacts",
                runtime: .newest(kernel: "Python 3.10", edition: "Standard", editor: nil)
            )
            // The workbench knows the experiment's name.
            if run.experimentName == nil {
                wanted.naming = PendingName(template: "{experimentName,experimentId|slug}", subject: nil)
            }
            #expect(plan == wanted)
        }
    }

    /// The commented example, brought to life, must be right, and its stated defaults must be the real ones.
    @Test func exampleInTheShippedFileIsRight() throws {
        let bytes = try FileReader.read(Self.shipped, maximumBytes: 1 << 20)
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0.hasPrefix("  # - name:") })
        let end = try #require(lines.firstIndex { $0.contains("The catch-all") })
        let example = lines[start..<end].map { $0.hasPrefix("  # ") ? "  " + $0.dropFirst(4) : "" }
        let routes = try self.read("routes:\n" + example.joined(separator: "\n"))
        let route = try #require(routes.rules.first)
        #expect(route.match.projects == [Glob("churn-*"), Glob("yb6f-*")])
        #expect(route.gates.count == 3)
        #expect(route.gates.last == Gate(source: .metric, key: "recall", betterThanDeployed: .higher))
        #expect(route.deployment == DeploymentSize(environment: ["MODEL_LOG": "info"]))
        #expect(route.deadlines == StepDeadlines())
        let standard = Route.Limits()
        #expect(route.limits.cpu == standard.cpu && route.limits.memoryGB == standard.memoryGB)
        #expect(route.limits.gpus == standard.gpus && route.limits.replicas == standard.replicas)
        #expect(route.limits.runtimes.isEmpty)
        #expect(route.queue == .latest)
        #expect(!route.disableAuthentication)
        let request = #"{"dataframe_split":{"columns":["iot_signal_1","iot_signal_2","iot_signal_3","iot_signal_4"],"#
        #expect(route.verification?.request == request + #""data":[[35.5,200.5,30.5,14.5]]}}"#)
        #expect(route.verification?.expect == "[0]")
    }

    @Test func everyKeyIsRead() throws {
        let route = try self.route(
            """
            routes:
              - name: one
                match: {project: p, experiment: [e1, "e*"], source: /jobs/*, status: [FINISHED, experiment_run_running]}
                gates:
                  - {param: accuracy, min: 0.5, max: 1}
                  - {tag: stage, equals: 3.10}
                  - {metric: loss, betterThan: deployed, better: lower}
                model: {name: "m-{runId}", artifactPath: a/b, description: d, disableAuthentication: true}
                build: {runtime: {identifier: "registry/image:1"}}
                deployment: {cpu: 0.5, memoryGB: 1.5, gpus: 1, replicas: 3, environment: {A: 1, B: "true"}}
                limits: {cpu: 1, memoryGB: 2, gpus: 2, replicas: 4, environment: X_*, modelNames: [a, b], runtimes: "r*"}
                queue: every
                deadlines: {resolve: 10s, register: 1m30s, build: 1h, deploy: 2h, verify: 5s}
                verify: {request: [1, 30.0, "x", null, true, {a: yes}], expect: 0}
            """
        )
        #expect(route.match.statuses == ["FINISHED", "RUNNING"])
        #expect(route.match.experiments == [Glob("e1"), Glob("e*")])
        #expect(route.gates[0] == Gate(source: .param, key: "accuracy", minimum: 0.5, maximum: 1))
        #expect(route.gates[1] == Gate(source: .tag, key: "stage", equals: "3.10"))
        #expect(route.gates[2] == Gate(source: .metric, key: "loss", betterThanDeployed: .lower))
        #expect(route.modelName == (try ModelNameTemplate("m-{runId}")))
        #expect(route.artifactPath == "a/b" && route.modelDescription == "d" && route.disableAuthentication)
        #expect(route.runtime == .identifier("registry/image:1"))
        let size = DeploymentSize(cpu: 0.5, memoryGB: 1.5, gpus: 1, replicas: 3, environment: ["A": "1", "B": "true"])
        #expect(route.deployment == size)
        #expect(route.limits.environment == [Glob("X_*")] && route.limits.runtimes == [Glob("r*")])
        #expect(route.queue == .every)
        let deadlines = StepDeadlines(
            resolve: 10_000,
            register: 90_000,
            build: 3_600_000,
            deploy: 7_200_000,
            verify: 5_000
        )
        #expect(route.deadlines == deadlines)
        #expect(route.verification == Verification(request: #"[1,30.0,"x",null,true,{"a":"yes"}]"#, expect: "0"))
    }

    @Test func absentAndEmptyKeysHaveTheirDefaults() throws {
        let bare = try self.route("routes:\n  - name: x\n")
        let empty = try self.route(
            "routes:\n  - name: x\n    match:\n    gates:\n    deployment:\n      environment:\n    limits: {}\n"
        )
        #expect(bare == empty)
        #expect(bare == Route(name: "x", runtime: .newest(kernel: "Python 3.10", edition: "Standard", editor: nil)))
    }

    @Test(arguments: [
        ("", "routes.yaml:1:1: routes: at least one route is needed"),
        ("routes: []", "routes: at least one route is needed"),
        ("route: []", "unknown key 'route'; did you mean 'routes'?"),
        ("routes: 7", "routes.yaml:1:9: routes: must be a list, is '7'"),
        ("routes:\n  - 7", "routes.yaml:2:5: routes[0]: must be a section of keys, is '7'"),
        ("routes:\n  - model: {}", "routes.yaml:2:5: routes[0]: name is missing"),
        ("a: b: c", "routes.yaml:1:"),
    ])
    func unusableFileNamesItsPlace(text: String, problem: String) {
        #expect(self.problems(text).contains { $0.contains(problem) }, "\(self.problems(text))")
    }

    @Test(arguments: [
        ("mach: {}", "routes.yaml:3:5: routes[0]: unknown key 'mach'; did you mean 'match'?"),
        ("deployment: {cpus: 2}", "routes[0].deployment: unknown key 'cpus'; did you mean 'cpu'?"),
        ("deployment: {cpu: two}", "routes.yaml:3:23: routes[0].deployment.cpu: must be a number"),
        ("deployment: {replicas: 0}", "routes[0].deployment.replicas: must be a whole number from 1 to 10000"),
        ("deployment: {environment: {A-B: x}}", "routes[0].deployment.environment.A-B: the name must be"),
        ("deployment: {environment: {A: [1]}}", "routes[0].deployment.environment.A: must be a text"),
        ("queue: newest", "routes[0].queue: must be one of latest, every, is 'newest'"),
        ("deadlines: {build: 30}", "routes[0].deadlines.build: must be a duration"),
        ("model: {name: \"{experiment}\"}", "routes[0].model.name: unknown field 'experiment', allowed: projectId"),
        ("model: {artifactPath: ../x}", "routes[0].model.artifactPath: must be"),
        ("model: {disableAuthentication: yes}", "routes[0].model.disableAuthentication: must be true or false"),
        ("build: {runtime: {identifier: a, kernel: b}}", "routes[0].build.runtime: either an identifier, or"),
        ("gates: [{equals: x}]", "routes[0].gates[0]: exactly one of tag, metric, param is needed"),
        ("gates: [{tag: a, param: b}]", "routes[0].gates[0]: exactly one of"),
        ("gates: [{metric: a, equals: 1}]", "routes[0].gates[0].equals: a metric is a number: use min and max"),
        ("gates: [{metric: a, min: 2, max: 1}]", "routes[0].gates[0]: min is greater than max"),
        ("gates: [{metric: a, min: .inf}]", "routes[0].gates[0].min: must be a number"),
        ("gates: [{metric: a, better: lower}]", "routes[0].gates[0].better: has a meaning only beside betterThan"),
        ("gates: [{metric: a, betterThan: best}]", "routes[0].gates[0].betterThan: must be one of deployed"),
        ("verify: {expect: 1}", "routes[0].verify: request is missing"),
        ("verify: {request: [.5]}", "must be a number as JSON writes it"),
        ("match: {project: {a: b}}", "routes[0].match.project: must be a single value or a list"),
    ])
    func mistakeNamesKeyPlaceAndWhatIsAllowed(line: String, problem: String) {
        let problems = self.problems("routes:\n  - name: x\n    \(line)\n")
        #expect(problems.count == 1, "\(problems)")
        #expect(problems.first?.contains(problem) == true, "\(problems)")
        #expect(problems.first?.hasPrefix("routes.yaml:3:") == true)
    }

    @Test func allMistakesAreToldAtOnce() {
        let text =
            "routes:\n  - name: x\n    queue: a\n    deployment: {cpu: b, gpus: c}\n  - name: y\n    match: {status: 1, x: 2}\n"
        #expect(self.problems(text).count == 4, "\(self.problems(text))")
    }

    @Test func routesThatNoEventReachesAreMistakes() {
        #expect(self.problems("routes:\n  - name: a\n  - name: b\n").first?.contains("no event gets here") == true)
        #expect(
            self.problems("routes:\n  - {name: a, match: {project: p}}\n  - {name: a}\n").first?.contains(
                "the name 'a'"
            ) == true
        )
        #expect(self.problems("routes:\n  - name: a\n  - {name: b, match: {status: RUNNING}}\n").isEmpty)
    }

    @Test func missingFileIsTold() {
        #expect(throws: FileError.self) { try RoutesFile.load("/nonexistent/routes.yaml") }
    }
}

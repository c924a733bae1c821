// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Values
import WorkbenchAPI
import WorkbenchSandbox

/// A plan's settings as those of the parts that ship.
enum WorldSettings {
    /// How long building and deploying may take, in milliseconds.
    static let stepDeadline: Int64 = 300_000

    static func topicNames(_ settings: PlanSettings) -> TopicNames {
        TopicNames(events: (0..<settings.eventTopics).map { "events-\($0)" })
    }

    static func groupName(_ group: Int) -> String { "group-\(group)" }

    static let workbench = "workbench.example"
    static let projectID = "p-1"
    static let projectName = "project"

    static func experimentID(_ model: Int) -> String { "e-\(model)" }

    static func experimentName(_ model: Int) -> String { "experiment-\(model)" }

    static func modelName(_ model: Int) -> String { "model-e-\(model)" }

    static func runID(_ model: Int, _ run: Int) -> String { "r-\(model)-\(run)" }

    static func routes(_ settings: PlanSettings) -> Routes {
        let template: ModelNameTemplate?
        do {
            template = try ModelNameTemplate("model-{experimentId}")
        } catch {
            preconditionFailure("the simulation's own template: \(error)")
        }
        return Routes([
            Route(
                name: "simulated",
                match: Route.Match(projects: [Glob(self.projectID), Glob(self.projectName)]),
                gates: settings.compares ? [Gate(source: .tag, key: "score", betterThanDeployed: .higher)] : [],
                modelName: template,
                artifactPath: "model",
                runtime: .identifier(
                    "docker.repository.cloudera.com/cloudera/cdsw/ml-runtime-pbj-workbench-python3.11-standard:2025.01.3-b8"
                ),
                quota: Route.Quota(underWay: settings.underWay == 0 ? nil : settings.underWay),
                queue: settings.deploysEveryRun ? .every : .latest,
                deadlines: StepDeadlines(build: self.stepDeadline, deploy: self.stepDeadline),
                verification: settings.verifies ? Verification(request: "{\"x\": 1}") : nil
            )
        ])
    }

    static func intake(_ settings: PlanSettings) -> Intake.Settings {
        Intake.Settings(
            routes: self.routes(settings),
            defaultProjectID: nil,
            workbench: self.workbench,
            inboxPartitions: settings.inboxPartitions
        )
    }

    static func policy(_ settings: PlanSettings) -> Coordinator.Policy {
        Coordinator.Policy(
            retry: RetryPolicy(
                pollMinimum: .milliseconds(Int64(settings.pollMinimum)),
                pollMaximum: .milliseconds(Int64(max(settings.pollMinimum, settings.pollMaximum)))
            ),
            maximumConcurrentCalls: settings.concurrentCalls,
            callsPerSecond: Double(settings.callsPerSecond),
            intentValidity: .milliseconds(Int64(settings.intentValidity)),
            settle: .milliseconds(Int64(settings.settle)),
            requestTimeout: .milliseconds(Int64(settings.requestTimeout)),
            sweepAfter: .milliseconds(Int64(settings.sweepAfter)),
            inboxPartitions: settings.inboxPartitions,
            ownsRegistryNames: true,
            checksModels: settings.verifies
        )
    }

    static func machine(_ settings: PlanSettings, group: String) -> WorkerMachine.Settings {
        let names = self.topicNames(settings)
        let url: ServiceURL
        let models: ServiceURL
        do {
            url = try ServiceURL(World.root)
            models = try ServiceURL(World.root + ModelService.root)
        } catch {
            preconditionFailure("the simulation's own address: \(error)")
        }
        let hold = Int64(settings.revocationTimeout)
        return WorkerMachine.Settings(
            ownership: PartitionOwnership.Settings(
                world: StartRecord(
                    partitionCount: settings.inboxPartitions,
                    group: group,
                    workbench: self.workbench
                ),
                eventTopics: names.events,
                startFrom: .beginning,
                horizon: nil,
                revocationTimeout: .milliseconds(hold - min(1_000, hold / 10))
            ),
            planner: TransactionPlanner.Settings(
                maximumRecordBytes: settings.maximumRecordBytes,
                maximumDeadBytes: 1_000_000
            ),
            policy: self.policy(settings),
            routes: self.routes(settings),
            dialect: Dialect(
                baseURL: url,
                modelServiceURL: models,
                requestTimeout: .milliseconds(Int64(settings.requestTimeout))
            ),
            maximumUnfinished: settings.maximumUnfinished
        )
    }

    /// The workbench with its experiments and runs, and the faults that are its own.
    static func sandbox(_ plan: Plan, at wall: Timestamp) -> Sandbox {
        let settings = plan.settings
        func range(_ longest: Int) -> LifeCycleClock.Range { .milliseconds(longest / 4)...(.milliseconds(longest)) }
        let clock = LifeCycleClock(
            registering: range(settings.registering),
            building: range(settings.building),
            deploying: range(settings.deploying),
            stopping: .milliseconds(100)...(.milliseconds(1_000))
        )
        var sandbox = Sandbox(apiKey: World.key, clock: clock, seed: plan.seed)
        let now = wall
        // Long before anything happens, so that lists which lag behind show them.
        let before = wall.advanced(by: .seconds(-7_200))
        do {
            try sandbox.add(try RecordedRuns(parsing: self.recordedRuns(settings, wall)), at: before)
        } catch {
            preconditionFailure("the simulation's own runs: \(error)")
        }
        sandbox.faults = SandboxFaults.plan(plan, at: now)
        return sandbox
    }

    /// When everything must have come to an end: the last moment of a plan, a step's deadline, settle, and ten minutes.
    ///
    /// Where a quota lets them begin in turn, as long as all of them take one after the other is added.
    static func lastCall(_ plan: Plan) -> MonotonicTime {
        let settings = plan.settings
        let inTurn = settings.underWay == 0 ? 0 : settings.registering + settings.building + settings.deploying
        let last = Int64(plan.lastMoment) + Int64(settings.settle) + self.stepDeadline
        return MonotonicTime(nanoseconds: 1_000_000_000) + .milliseconds(last)
            + .milliseconds(Int64(inTurn) * Int64(plan.events.count)) + .seconds(600)
    }

    /// How good a run is: mostly better than the one before.
    private static func score(_ model: Int, _ run: Int) -> Int { run * 4 + (model * 7 + run * 5) % 11 }

    private static func recordedRuns(_ settings: PlanSettings, _ wall: Timestamp) -> [UInt8] {
        var (experiments, runs): ([String], [String]) = ([], [])
        for model in 0..<settings.models {
            let id = self.experimentID(model)
            experiments.append(
                "{\"id\":\"\(id)\",\"project_id\":\"\(self.projectID)\",\"name\":\"\(self.experimentName(model))\"}"
            )
            for run in 0..<settings.runs {
                let start = wall.advanced(by: .seconds(run * 60 - 86_400))
                let end = start.advanced(by: .seconds(30))
                runs.append(
                    "{\"id\":\"\(self.runID(model, run))\",\"experiment_id\":\"\(id)\",\"name\":\"run\","
                        + "\"status\":\"EXPERIMENT_RUN_FINISHED\",\"start_time\":\"\(start)\",\"end_time\":\"\(end)\","
                        + "\"data\":{\"tags\":[{\"key\":\"score\",\"value\":\"\(self.score(model, run))\"},"
                        + "{\"key\":\"mlflow.log-model.history\","
                        + "\"value\":\"[{\\\"artifact_path\\\":\\\"model\\\"}]\"}]}}"
                )
            }
        }
        let text =
            "{\"projects\":[{\"id\":\"\(self.projectID)\",\"name\":\"\(self.projectName)\"}],"
            + "\"experiments\":[\(experiments.joined(separator: ","))],\"runs\":[\(runs.joined(separator: ","))]}"
        return Array(text.utf8)
    }
}

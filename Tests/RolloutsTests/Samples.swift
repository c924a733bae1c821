// SPDX-License-Identifier: Apache-2.0

import Values

@testable import Rollouts

/// A moment so many seconds after the start of both clocks.
func at(_ seconds: Double) -> Now {
    let nanoseconds = Int64(seconds * 1_000_000_000)
    return Now(
        monotonic: MonotonicTime(nanoseconds: nanoseconds),
        wall: wall(1_700_000_000_000 + nanoseconds / 1_000_000)
    )
}

/// So many milliseconds since 1970.
func wall(_ milliseconds: Int64) -> Timestamp { Timestamp(millisecondsSinceEpoch: milliseconds) }

/// A span of so many seconds.
func seconds(_ value: Double) -> Span { Span(nanoseconds: Int64(value * 1_000_000_000)) }

extension RolloutID {
    /// The id of a test's rollout.
    init(_ number: Int) { self.init(high: 1, low: UInt64(number)) }
}

extension RolloutPlan {
    /// A plan with nothing unusual in it.
    static func sample(
        run: String? = "r1",
        model: String = "model",
        queue: QueueMode = .latest,
        gates: [Gate] = [],
        verification: Verification? = nil
    ) -> RolloutPlan {
        RolloutPlan(
            route: "default",
            run: RunReference(projectID: "project", experimentID: "experiment", runID: run),
            modelName: model,
            artifactPath: "model",
            runtime: .identifier("runtime"),
            gates: gates,
            queue: queue,
            verification: verification
        )
    }
}

extension RolloutState {
    /// The state of a rollout that has just been accepted.
    static func sample(
        _ number: Int = 1,
        partition: Partition = 0,
        plan: RolloutPlan = .sample(),
        replay: Replay? = nil,
        acceptedAt: Now = at(0)
    ) -> RolloutState {
        RolloutState(
            id: RolloutID(number),
            partition: partition,
            origin: Origin(
                topic: "experiments.finished",
                partition: partition,
                offset: Offset(rawValue: Int64(number))
            ),
            event: EventReference(id: "event-\(number)", source: "test", time: wall(1_700_000_000_000)),
            plan: plan,
            replay: replay,
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            acceptedAt: acceptedAt.wall
        )
    }
}

/// Lets each plan stay as it was accepted: what is done on facts has tests of its own.
struct AcceptedPlans: PlanDecider {
    func decide(_ state: RolloutState, on place: RunPlace) -> RouteDecision { .plan(state.plan) }
}

extension ProjectFacts {
    /// The project of all samples.
    static let sample = ProjectFacts(id: "project", name: "churn", owner: "alice")
}

extension ExperimentFacts {
    /// The experiment of all samples.
    static let sample = ExperimentFacts(id: "experiment", projectID: "project", name: "telco")
}

extension Coordinator {
    /// Knows project, experiment and runtime of all samples, as of a moment.
    mutating func knowPlace(now: MonotonicTime) {
        self.sharedAnswers.learn(.readProject(projectID: "project"), .projects([.sample]), now: now)
        let experiment = APICall.readExperiment(projectID: "project", experimentID: "experiment")
        self.sharedAnswers.learn(experiment, .experiments([.sample]), now: now)
        let runtime = RuntimeChoice.identifier("runtime")
        self.sharedAnswers.learn(.findRuntime(runtime), .runtime(identifier: "runtime"), now: now)
    }
}

extension RunFacts {
    /// A finished run; a greater number started later.
    static func sample(_ number: Int, metrics: [String: Double] = [:]) -> RunFacts {
        RunFacts(
            projectID: "project",
            experimentID: "experiment",
            runID: "r\(number)",
            status: .finished,
            start: wall(1_700_000_000_000 + Int64(number)),
            metrics: metrics
        )
    }
}

extension ResolvedRun {
    /// The run of that number, resolved.
    static func sample(_ number: Int) -> ResolvedRun {
        ResolvedRun(projectID: "project", experimentID: "experiment", order: RunFacts.sample(number).order)
    }
}

extension Lane.Waiting {
    /// A rollout of that number, which was accepted so many milliseconds after the start of the clock.
    static func sample(
        _ number: Int,
        run: Int,
        mode: QueueMode = .latest,
        allowsRollback: Bool = false,
        accepted: Int? = nil
    ) -> Lane.Waiting {
        Lane.Waiting(
            acceptance: Acceptance(at: wall(Int64(accepted ?? number)), id: RolloutID(number)),
            order: RunFacts.sample(run).order,
            mode: mode,
            allowsRollback: allowsRollback,
            isCommand: false
        )
    }
}

extension JournalRecord {
    /// The value of a header field.
    func header(_ name: String) -> [UInt8]? { self.headers.first { $0.name == name }?.value }

    /// Adds this record to a snapshot.
    func add(to snapshot: inout JournalSnapshot, time: Timestamp? = nil) {
        var headers = JournalHeaders()
        for header in self.headers {
            Array(header.name.utf8).withUnsafeBytes { name in
                guard let value = header.value else {
                    headers.take(name, nil)
                    return
                }
                value.withUnsafeBytes { headers.take(name, $0) }
            }
        }
        self.key.withUnsafeBytes { snapshot.add(key: $0, time: time, headers: headers, value: { self.value }) }
    }
}

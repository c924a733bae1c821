// SPDX-License-Identifier: Apache-2.0

import Values

@testable import Rollouts

/// One coordinator, driven by hand; its records are committed at once unless a test says otherwise.
struct Bench {
    var coordinator: Coordinator
    var now = at(0)
    /// Every record so far.
    private(set) var records: [Coordinator.Record] = []
    /// Every outage told so far; `nil` for "back".
    private(set) var outages: [Cause?] = []
    /// Calls of sweeps that were given up.
    private(set) var givenUp: [(call: SweepCall, cause: Cause)] = []
    /// All rollouts so far that were to be forgotten.
    private(set) var forgettings: [Coordinator.Forgetting] = []
    /// Whether records stay uncommitted until `commit()`.
    var holdsCommits = false
    private var uncommitted: [Coordinator.Ticket] = []
    private var waiting: [(id: Coordinator.CallID, call: APICall)] = []

    init(policy: Coordinator.Policy = Coordinator.Policy(), holds partitions: [Partition] = [0]) {
        self.coordinator = Coordinator(policy: policy, seed: 1)
        for partition in partitions {
            self.coordinator.restore(partition: partition, Coordinator.Restored(), now: self.now)
        }
    }

    /// Calls that wait for an answer, oldest first.
    var calls: [APICall] {
        mutating get {
            self.settle()
            return self.waiting.map(\.call)
        }
    }

    /// States whose status event ended a rollout.
    var endings: [RolloutState] { self.records.filter { $0.publishes && $0.rollout.phase.isTerminal }.map(\.rollout) }

    mutating func accept(_ state: RolloutState) {
        self.coordinator.accept(state, now: self.now)
        self.settle()
    }

    mutating func restore(_ states: [RolloutState], lanes: [LaneState] = []) {
        self.coordinator.restore(partition: 0, Coordinator.Restored(unfinished: states, lanes: lanes), now: self.now)
        self.settle()
    }

    /// Lets records be committed.
    mutating func commit() {
        let tickets = self.uncommitted
        self.uncommitted = []
        for ticket in tickets { self.coordinator.recorded(ticket, began: self.now.monotonic, now: self.now) }
        self.settle()
    }

    /// Refuses the newest record.
    mutating func refuseLast() {
        guard let record = self.records.last else { return }
        self.uncommitted.removeAll { $0 == record.ticket }
        self.coordinator.recordRefused(record.ticket, Cause(.recordTooLarge, "too large"), now: self.now)
        self.settle()
    }

    private mutating func settle() {
        while true {
            let actions = self.coordinator.takeActions()
            guard !actions.isEmpty else { return }
            for action in actions {
                switch action {
                case .call(let id, let call, _, _): self.waiting.append((id, call))
                case .forget(let forgetting):
                    self.forgettings.append(forgetting)
                    self.write(forgetting.ticket)
                case .outage(_, let cause): self.outages.append(cause)
                case .sweepGivenUp(_, let call, let cause): self.givenUp.append((call, cause))
                case .record(let record):
                    self.records.append(record)
                    self.write(record.ticket)
                }
            }
        }
    }

    private mutating func write(_ ticket: Coordinator.Ticket) {
        if self.holdsCommits {
            self.uncommitted.append(ticket)
        } else {
            self.coordinator.recorded(ticket, began: self.now.monotonic, now: self.now)
        }
    }

    /// Answers the oldest call, or the oldest one of a kind.
    mutating func answer(_ result: CallResult, to isMeant: (APICall) -> Bool = { _ in true }) {
        self.settle()
        guard let index = self.waiting.firstIndex(where: { isMeant($0.call) }) else { return }
        let call = self.waiting.remove(at: index)
        self.coordinator.callSucceeded(call.id, result, now: self.now)
        self.settle()
    }

    /// Lets the oldest call fail.
    mutating func fail(_ failure: CallFailure) {
        self.settle()
        guard !self.waiting.isEmpty else { return }
        let call = self.waiting.removeFirst()
        self.coordinator.callFailed(call.id, failure, now: self.now)
        self.settle()
    }

    /// Lets so many seconds pass, and wakes whatever wants to be woken meanwhile.
    mutating func pass(_ length: Double) {
        let end = self.now.monotonic + seconds(length)
        self.settle()
        while let wake = self.coordinator.nextWake(now: self.now.monotonic), wake <= end {
            let before = self.now.monotonic
            self.set(max(wake, before))
            self.coordinator.advance(now: self.now)
            self.settle()
            if wake <= before, self.coordinator.nextWake(now: before) == wake { break }
        }
        self.set(end)
    }

    private mutating func set(_ time: MonotonicTime) {
        let passed = time - self.now.monotonic
        self.now = Now(
            monotonic: time,
            wall: self.now.wall.advanced(by: passed.duration)
        )
    }

    /// Answers calls as a workbench does on which everything is made at once, until none is left.
    ///
    /// - Parameters:
    ///   - isLeft: Names calls that stay unanswered.
    ///   - stop: Names the call before which to stop.
    mutating func answerAll(
        leaving isLeft: (APICall) -> Bool = { _ in false },
        until stop: (APICall) -> Bool = { _ in false }
    ) {
        while let call = self.calls.first(where: { !isLeft($0) }), !stop(call) {
            self.answer(Self.result(of: call)) { $0 == call }
        }
    }

    private static func result(of call: APICall) -> CallResult {
        switch call {
        case .probe: .alive
        case .findProject: .project(id: "project")
        case .findExperiment: .experiment(id: "experiment")
        case .readRun(_, _, let run): .run(.sample(Int(run.dropFirst()) ?? 0))
        case .newestRun: .run(.sample(9))
        case .findVersion: .version(nil)
        case .registerVersion, .readVersion: .version(.sample(.ready))
        case .findModel: .model(nil)
        case .createModel: .model(ModelFacts(modelID: "m", registeredModelID: "rm"))
        case .findRuntime: .runtime(identifier: "runtime")
        case .findBuild: .build(nil)
        case .createBuild, .readBuild: .build(BuildFacts(buildID: "b", progress: .ready))
        case .findDeployment: .deployment(nil)
        case .createDeployment, .readDeployment:
            .deployment(DeploymentFacts(deploymentID: "d", progress: .ready))
        case .verify: .verification(.passed)
        case .sweep: .marked([])
        }
    }
}

extension VersionFacts {
    /// The version that a rollout's own call made.
    static func sample(_ progress: Progress) -> VersionFacts {
        VersionFacts(registeredModelID: "rm", versionID: "v", progress: progress, isOurs: true)
    }
}

extension APICall {
    /// Whether it is a call of that name, such as `createBuild`.
    func isNamed(_ name: String) -> Bool { "\(self)".hasPrefix("\(name)(") }
}

extension CallFailure {
    /// A connection that was cut: nobody knows what came of the call.
    static let cut = CallFailure(.unavailable, isOutcomeUnknown: true, message: "cut")
    /// A server error to a call that made nothing.
    static let failed = CallFailure(.serverError, message: "failed", httpStatus: 500)
    /// A server error of unknown outcome.
    static let failedSomehow = CallFailure(.serverError, isOutcomeUnknown: true, message: "failed", httpStatus: 500)
}

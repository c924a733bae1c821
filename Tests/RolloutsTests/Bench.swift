// SPDX-License-Identifier: Apache-2.0

import Values

@testable import Rollouts

/// One coordinator, driven by hand; its records are committed at once unless a test says otherwise.
final class Bench {
    var coordinator: Coordinator
    var now = at(0)
    /// Every record so far.
    private(set) var records: [Coordinator.Record] = []
    /// Every outage told so far; `nil` for "back".
    private(set) var outages: [Cause?] = []
    /// What was told of markers.
    private(set) var markers: [(step: CreatingStep, areKept: Bool)] = []
    /// Calls of sweeps that were given up.
    private(set) var givenUp: [(call: SweepCall?, cause: Cause)] = []
    /// All rollouts so far that were to be forgotten.
    private(set) var forgettings: [Coordinator.Forgetting] = []
    /// Whether records stay uncommitted until `commit()`.
    var holdsCommits = false
    /// Rollouts that were passed on so far.
    private(set) var moves: [Coordinator.Move] = []
    /// Names of all calls so far, in order.
    private(set) var asked: [String] = []
    private var uncommitted: [Uncommitted] = []
    private var waiting: [Coordinator.PlannedCall] = []

    /// Something written that is not committed yet.
    private enum Uncommitted {
        case record(Coordinator.Record)
        case move(Coordinator.Move)
        case forgetting(Coordinator.Forgetting)

        var ticket: Coordinator.Ticket {
            switch self {
            case .record(let record): record.ticket
            case .move(let move): move.ticket
            case .forgetting(let forgetting): forgetting.ticket
            }
        }
    }

    init(
        policy: Coordinator.Policy = Coordinator.Policy(),
        holds partitions: [Partition] = [0],
        plans: any PlanDecider = AcceptedPlans(),
        seed: UInt64 = 1
    ) {
        self.coordinator = Coordinator(policy: policy, plans: plans, seed: seed)
        // Each of these tests begins with the run: what is around it is known, for longer than any of them takes.
        self.coordinator.knowPlace(now: self.now.monotonic + seconds(10_000_000))
        for partition in partitions {
            self.coordinator.restore(partition: partition, Coordinator.Restored(), now: self.now)
        }
    }

    /// Calls that wait for an answer, oldest first.
    var calls: [APICall] {
        self.settle()
        return self.waiting.map(\.call)
    }

    /// States whose status event ended a rollout.
    var endings: [RolloutState] { self.records.filter { $0.publishes && $0.rollout.phase.isTerminal }.map(\.rollout) }

    func accept(_ state: RolloutState) {
        self.coordinator.accept(state, now: self.now)
        self.settle()
    }

    func restore(_ states: [RolloutState], lanes: [LaneState] = []) {
        self.coordinator.restore(partition: 0, Coordinator.Restored(unfinished: states, lanes: lanes), now: self.now)
        self.settle()
    }

    /// Whether the coordinator knows a rollout in a partition.
    func isKnown(_ number: Int, partition: Partition = 0) -> Bool {
        self.coordinator.isKnown(RolloutID(number), partition: partition)
    }

    /// A rollout that has not ended; `nil` once it has.
    func rollout(_ number: Int) -> Rollout? { self.coordinator.rollouts[RolloutID(number)] }

    /// The limits of the creating calls that wait for an answer.
    var limits: [MonotonicTime] {
        self.settle()
        return self.waiting.compactMap(\.startBefore)
    }

    /// Whether a rollout that moves to a partition of this one may go on here.
    func canMoveIn(_ state: RolloutState) -> Bool { self.coordinator.canMoveIn(state) }

    func moveIn(_ state: RolloutState) {
        self.coordinator.moveIn(state, now: self.now)
        self.settle()
    }

    /// Lets records be committed; their commit began at `began`, or now.
    func commit(began: MonotonicTime? = nil) {
        let all = self.uncommitted
        self.uncommitted = []
        for one in all { self.committed(one, began: began ?? self.now.monotonic) }
        self.settle()
    }

    private func committed(_ one: Uncommitted, began: MonotonicTime) {
        var intent: CommittedIntent?
        if case .record(let record) = one { intent = CommittedIntent.sample(of: record, began: began) }
        self.coordinator.recorded(one.ticket, intent: intent, now: self.now)
    }

    /// Refuses the newest record.
    func refuseLast() {
        guard let record = self.records.last else { return }
        self.refuse(record.ticket)
    }

    /// Refuses the newest move.
    func refuseMove() {
        guard let move = self.moves.last else { return }
        self.refuse(move.ticket)
    }

    private func refuse(_ ticket: Coordinator.Ticket) {
        self.uncommitted.removeAll { $0.ticket == ticket }
        self.coordinator.recordRefused(ticket, Cause(.recordTooLarge, "too large"), now: self.now)
        self.settle()
    }

    private func settle() {
        while true {
            let actions = self.coordinator.takeActions(now: self.now)
            guard !actions.isEmpty else { break }
            for action in actions { self.perform(action) }
        }
        // Looking at everything each time would take for ever where thousands wait.
        self.coordinator.checkInvariants(self.coordinator.unfinishedCount < 100 ? .everything : .touched)
    }

    private func perform(_ action: Coordinator.Action) {
        switch action {
        case .call(let call):
            self.waiting.append(call)
            self.asked.append(call.call.name)
        case .forget(let forgetting):
            self.forgettings.append(forgetting)
            self.write(.forgetting(forgetting))
        case .outage(_, let cause): self.outages.append(cause)
        case .markers(let step, let areKept): self.markers.append((step, areKept))
        case .sweepGivenUp(_, let call, let cause): self.givenUp.append((call, cause))
        case .record(let record):
            self.records.append(record)
            self.write(.record(record))
        case .move(let move):
            self.moves.append(move)
            self.write(.move(move))
        }
    }

    private func write(_ one: Uncommitted) {
        if self.holdsCommits {
            self.uncommitted.append(one)
        } else {
            self.committed(one, began: self.now.monotonic)
        }
    }

    /// Answers the oldest call, or the oldest one of a kind.
    func answer(_ result: CallResult, to isMeant: (APICall) -> Bool = { _ in true }) {
        self.settle()
        guard let index = self.waiting.firstIndex(where: { isMeant($0.call) }) else { return }
        let call = self.waiting.remove(at: index)
        self.coordinator.callSucceeded(call.id, result, now: self.now)
        self.settle()
    }

    /// Lets the oldest call fail, or the oldest one of a kind.
    func fail(_ failure: CallFailure, to isMeant: (APICall) -> Bool = { _ in true }) {
        self.settle()
        guard let index = self.waiting.firstIndex(where: { isMeant($0.call) }) else { return }
        let call = self.waiting.remove(at: index)
        self.coordinator.callFailed(call.id, failure, now: self.now)
        self.settle()
    }

    /// Lets a call succeed for another model.
    func succeedForOthers(_ call: String) {
        let other = Subject.model(Lane.Key(projectID: "elsewhere", modelName: "another"))
        self.coordinator.successes[call] = Successes(other, at: self.now.monotonic)
    }

    /// Lets calls fail as what is not there for as long as reads may lag, and once more; probes are answered.
    func stayMissing(_ failure: CallFailure) {
        let end = self.now.monotonic + self.coordinator.policy.settle
        while self.endings.isEmpty, self.now.monotonic <= end + .seconds(60) {
            if self.calls.first?.isNamed("probe") == true { self.answer(.alive) } else { self.fail(failure) }
            guard self.endings.isEmpty, self.calls.isEmpty else { continue }
            self.pass(2)
        }
    }

    /// Lets so many seconds pass, and wakes whatever wants to be woken meanwhile.
    func pass(_ length: Double) {
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

    private func set(_ time: MonotonicTime) {
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
    func answerAll(
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
        case .findProject, .readProject: .projects([.sample])
        case .findExperiment, .readExperiment: .experiments([.sample])
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

extension CommittedIntent {
    /// The intent that a record announces, as the planner gives it once the record is committed.
    static func sample(of record: Coordinator.Record, began: MonotonicTime) -> CommittedIntent? {
        let entry = TransactionEntry(.step(record), writer: Lease(.inbox(record.partition), epoch: 1))
        guard let membership = GroupMembership(groupID: "test", generation: 1, memberID: "test") else { return nil }
        let transaction = Transaction(
            id: TransactionID(number: 1),
            entries: [entry],
            offsets: [:],
            membership: membership
        )
        return CommittedTransaction(transaction, records: 1, began: began).intent(of: entry)
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
    /// Somebody in between has answered with a page of his own.
    static let page = CallFailure(.inBetween, message: "a page", httpStatus: 200)
    /// A server error of unknown outcome.
    static let failedSomehow = CallFailure(.serverError, isOutcomeUnknown: true, message: "failed", httpStatus: 500)
}

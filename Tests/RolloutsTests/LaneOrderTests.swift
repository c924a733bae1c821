// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// Guarantee 4 as the coordinator keeps it: rollbacks, and who has the next turn in a `latest` lane.
struct LaneOrderTests {
    private static let wish = Replay(id: "back", reason: "r8 is bad", allowsRollback: true)
    private static let gates = [Gate(source: .metric, key: "accuracy", betterThanDeployed: .higher)]
    private static let live = LaneState(
        projectID: "project",
        modelName: "model",
        newestDeployed: RunFacts.sample(8).order,
        live: .sample(8)
    )

    /// A rollback to a run, accepted after so many seconds.
    private func rollback(_ number: Int, run: String, at time: Double, queue: QueueMode = .latest) -> RolloutState {
        .sample(number, plan: .sample(run: run, queue: queue), replay: Self.wish, acceptedAt: at(time))
    }

    private func event(_ number: Int, run: String, at time: Double, queue: QueueMode = .latest) -> RolloutState {
        .sample(number, plan: .sample(run: run, queue: queue), acceptedAt: at(time))
    }

    /// Answers the read of a run, whoever asked for it.
    private func resolve(_ bench: Bench, _ run: Int, accuracy: Double? = nil) {
        let facts = RunFacts.sample(run, metrics: accuracy.map { ["accuracy": $0] } ?? [:])
        bench.answer(.run(facts)) { call in
            if case .readRun(_, _, let id) = call { id == "r\(run)" } else { false }
        }
    }

    private func deployed(_ bench: Bench) -> [Int] {
        bench.endings.filter { $0.phase == .deployed }.map { Int($0.id.low) }
    }

    // MARK: Rollbacks

    @Test("a rollback that is resolved after a run which was accepted after it does not displace that run")
    func resolvedLate() {
        let bench = Bench()
        bench.restore([], lanes: [Self.live])
        bench.accept(self.rollback(1, run: "r1", at: 1))
        bench.accept(self.event(2, run: "r9", at: 2))
        self.resolve(bench, 9)
        self.resolve(bench, 1)
        bench.answerAll()
        #expect(bench.endings.map(\.id) == [RolloutID(2), RolloutID(1)])
        #expect(bench.endings.map(\.phase) == [.deployed, .superseded])
        #expect(bench.endings.last?.cause?.class == .newerRun)
    }

    @Test("a rollback whose lane was taken by a run that fails has its turn after it")
    func theOtherFails() {
        let bench = Bench()
        bench.restore([], lanes: [Self.live])
        bench.accept(self.rollback(1, run: "r1", at: 1))
        bench.accept(self.event(2, run: "r9", at: 2))
        self.resolve(bench, 9)
        self.resolve(bench, 1)
        bench.answerAll { $0.isNamed("readBuild") || $0.isNamed("createBuild") }
        bench.answer(.build(BuildFacts(buildID: "b", progress: .failed("broken"))))
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.failed, .deployed])
    }

    @Test("a crash after the run that was accepted later is up makes no difference to the rollback")
    func restoredLate() {
        let first = Bench()
        first.restore([], lanes: [Self.live])
        first.accept(self.event(2, run: "r9", at: 2))
        first.answerAll()
        let bench = Bench()
        bench.restore([self.rollback(1, run: "r1", at: 1)], lanes: first.records.compactMap(\.lane).suffix(1))
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.superseded])
    }

    @Test("what waits runs in the order of acceptance around a rollback, however it was resolved, or restored")
    func orderOfAcceptance() {
        let states = [
            self.event(1, run: "r5", at: 0, queue: .every), self.event(2, run: "r6", at: 1, queue: .every),
            self.rollback(3, run: "r1", at: 2), self.event(4, run: "r7", at: 3, queue: .every),
        ]
        for order in [[5, 6, 1, 7], [5, 7, 1, 6], [5, 1, 7, 6], [5, 7, 6, 1], [5, 6, 7, 1], [5, 1, 6, 7]] {
            let bench = Bench()
            for state in states { bench.accept(state) }
            for run in order { self.resolve(bench, run) }
            bench.answerAll()
            #expect(self.deployed(bench) == [1, 2, 3, 4], "resolved in the order \(order)")
        }
        let restored = Bench()
        restored.restore(
            states.map { state in
                var state = state
                state.run = .sample(Int(state.plan.run.runID?.dropFirst() ?? "") ?? 0)
                state.step = .lane
                return state
            }
        )
        restored.answerAll()
        #expect(self.deployed(restored) == [1, 2, 3, 4])
    }

    @Test("a clock that was ahead when the live run was accepted does not outdate the rollback that takes it back")
    func clockAhead() {
        let first = Bench()
        first.accept(self.event(1, run: "r8", at: 3_600))
        first.answerAll()
        let bench = Bench()
        bench.restore([], lanes: first.records.compactMap(\.lane).suffix(1))
        var rollback = self.rollback(0, run: "r1", at: 10)
        bench.coordinator.date(&rollback, now: rollback.acceptedAt)
        bench.accept(rollback)
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed])
        var next = self.event(2, run: "r7", at: 11)
        bench.coordinator.date(&next, now: next.acceptedAt)
        #expect(next.acceptance > rollback.acceptance)
    }

    @Test("a run that was rolled back comes back neither by a bulk replay nor by an event, only on purpose")
    func rolledBack() {
        let bench = Bench()
        bench.accept(self.event(1, run: "r5", at: 0))
        bench.answerAll()
        bench.accept(self.rollback(2, run: "r1", at: 1))
        bench.answerAll()
        let bulk = Replay(id: "bulk", reason: "since 2d")
        bench.accept(.sample(3, plan: .sample(run: "r5"), replay: bulk, acceptedAt: at(2)))
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed, .deployed, .superseded])
        let restored = Bench()
        restored.restore([self.event(4, run: "r5", at: 3)], lanes: bench.records.compactMap(\.lane).suffix(1))
        restored.answerAll()
        #expect(restored.endings.map(\.phase) == [.superseded])
        bench.accept(self.rollback(5, run: "r5", at: 4))
        bench.answerAll()
        #expect(bench.endings.last?.phase == .deployed)
    }

    @Test("a run whose deployment is in doubt may be tried again, though an older one is live")
    func doubtIsNoRollback() {
        var plan = RolloutPlan.sample(run: "r9")
        plan.deadlines.deploy = 10_000
        let bench = Bench()
        bench.restore([], lanes: [Self.live])
        bench.accept(.sample(1, plan: plan))
        bench.answerAll { $0.isNamed("createDeployment") }
        let starting = CallResult.deployment(DeploymentFacts(deploymentID: "d", progress: .underWay("starting")))
        bench.answer(starting)
        for _ in 0..<10 where bench.endings.isEmpty {
            bench.pass(16)
            bench.answer(starting)
        }
        bench.accept(.sample(2, plan: .sample(run: "r9"), replay: Replay(id: "again", reason: "it was slow")))
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.failed, .deployed])
    }

    // MARK: The newest that waits

    /// A lane in which r4 (accuracy 0.9) is being built, while r5 and r6 wait, both with a gate that compares.
    private func waiting(_ bench: Bench, r5: Double, r6: Double) {
        for number in 4...6 {
            bench.accept(.sample(number, plan: .sample(run: "r\(number)", gates: Self.gates)))
            self.resolve(bench, number, accuracy: number == 5 ? r5 : number == 6 ? r6 : 0.9)
        }
    }

    /// Answers what is asked for a comparison, and all else.
    private func goOn(_ bench: Bench, _ accuracies: [Int: Double]) {
        while bench.calls.first != nil {
            guard case .readRun(_, _, let id)? = bench.calls.first, let run = Int(id.dropFirst()) else {
                bench.answerAll { $0.isNamed("readRun") }
                continue
            }
            self.resolve(bench, run, accuracy: accuracies[run])
        }
    }

    @Test("in a `latest` lane a run that fails its gate takes nobody with it: the next newest follows")
    func failsItsGate() {
        let bench = Bench()
        self.waiting(bench, r5: 0.95, r6: 0.8)
        self.goOn(bench, [4: 0.9, 5: 0.95, 6: 0.8])
        #expect(bench.endings.map { Int($0.id.low) } == [4, 6, 5])
        #expect(bench.endings.map(\.phase) == [.deployed, .skipped, .deployed])
    }

    @Test("in a `latest` lane the newest goes first, and supersedes the others once it has passed its gate")
    func passesItsGate() {
        let bench = Bench()
        self.waiting(bench, r5: 0.95, r6: 0.92)
        #expect(bench.endings == [])
        self.goOn(bench, [4: 0.9, 5: 0.95, 6: 0.92])
        #expect(bench.endings.map { Int($0.id.low) } == [4, 5, 6])
        #expect(bench.endings.map(\.phase) == [.deployed, .superseded, .deployed])
    }

    @Test("a restore gives the turn to the newest, not to the one that waited longest")
    func restoredLatest() {
        let bench = Bench()
        bench.restore(
            [5, 6].map { run in
                var state = self.event(run, run: "r\(run)", at: Double(run))
                state.plan.gates = Self.gates
                state.run = .sample(run)
                state.step = .lane
                return state
            },
            lanes: [Self.live].map { state in
                var state = state
                state.newestDeployed = RunFacts.sample(4).order
                state.live = .sample(4)
                return state
            }
        )
        self.goOn(bench, [4: 0.9, 5: 0.95, 6: 0.92])
        #expect(bench.endings.map { Int($0.id.low) } == [5, 6])
        #expect(bench.endings.map(\.phase) == [.superseded, .deployed])
    }
}

// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// Another event about a run: a duplicate while the rollout that has the run is under way or live, and else another try.
struct SecondTryTests {
    private func failing(_ bench: Bench) {
        bench.answerAll(until: { $0.isNamed("createBuild") })
        bench.fail(CallFailure(.invalid, message: "no such runtime", httpStatus: 400))
        #expect(bench.endings.map(\.phase) == [.failed])
    }

    @Test func besideOneUnderWayItIsADuplicateThatNamesIt() {
        let bench = Bench()
        bench.accept(.sample(1))
        bench.accept(.sample(2))
        bench.answerAll()
        #expect(Set(bench.endings.map(\.phase)) == [.deployed, .skipped])
        let cause = bench.endings.first { $0.phase == .skipped }?.cause
        #expect(cause?.class == .duplicate)
        #expect(cause?.message.contains("under way already: rollout \(RolloutID(1))") == true)
        #expect(cause?.class.nextStep.contains("slipway replay --run") == true)
    }

    @Test func whileOneIsLiveItIsADuplicateThatNamesIt() {
        let bench = Bench()
        bench.accept(.sample(1))
        bench.answerAll()
        bench.accept(.sample(2))
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed, .skipped])
        #expect(bench.endings.last?.cause?.message.contains("deployed already: rollout \(RolloutID(1))") == true)
    }

    /// The journal says who holds the run, not the memory of one process.
    @Test func whileOneIsLiveItIsADuplicateAfterARestore() {
        let first = Bench()
        first.accept(.sample(1))
        first.answerAll()
        let lane = first.records.last { $0.lane != nil }?.lane
        let bench = Bench(holds: [])
        bench.restore([], lanes: [lane].compactMap(\.self))
        bench.accept(.sample(2))
        bench.answerAll()
        #expect(bench.endings.last?.cause?.class == .duplicate)
    }

    @Test func besideOneUnderWayItIsADuplicateAfterARestore() {
        var state = RolloutState.sample(1)
        state.run = .sample(1)
        state.step = .build
        state.made.registeredModelID = "rm"
        state.made.versionID = "v"
        state.made.modelID = "m"
        let bench = Bench(holds: [])
        bench.restore([state])
        bench.accept(.sample(2))
        bench.answerAll()
        #expect(bench.endings.first { $0.id == RolloutID(2) }?.cause?.class == .duplicate)
        #expect(bench.endings.first { $0.id == RolloutID(1) }?.phase == .deployed)
    }

    /// A worker had ended the first one, and died before that was committed: by then the second one had the key.
    @Test func itIsADuplicateAtItsTurnWhereTheFirstOneGoesOnAfterAll() {
        var states = (1...2).map { RolloutState.sample($0) }
        for index in states.indices { states[index].run = .sample(1) }
        states[0].step = .register
        states[1].step = .lane
        let bench = Bench(holds: [])
        bench.restore(states)
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed, .skipped])
        #expect(bench.endings.last?.cause?.class == .duplicate)
    }

    @Test func afterAFailureItIsAnotherTry() {
        let bench = Bench()
        bench.accept(.sample(1))
        self.failing(bench)
        bench.accept(.sample(2))
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.failed, .deployed])
    }

    /// What the failed one has registered may not be shown yet: it is looked for, not registered again.
    @Test func itLooksForWhatTheFailedOneHasRegistered() {
        let bench = Bench()
        bench.accept(.sample(1))
        self.failing(bench)
        bench.accept(.sample(2))
        bench.answerAll(until: { $0.isNamed("findVersion") || $0.isNamed("registerVersion") })
        #expect(bench.calls.first?.isNamed("findVersion") == true)
    }

    @Test func afterAFailedCheckItIsAnotherTry() {
        let bench = Bench()
        let verification = Verification(request: "{}")
        bench.accept(.sample(1, plan: .sample(verification: verification)))
        bench.answerAll(until: { $0.isNamed("verify") })
        for _ in 0..<20 where bench.endings.isEmpty {
            bench.answer(.verification(.wrong("no")))
            bench.pass(30)
        }
        #expect(bench.endings.map(\.phase) == [.failed])
        bench.accept(.sample(2))
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.failed, .deployed])
    }

    @Test func anotherTopicsEventIsNoDuplicate() {
        let bench = Bench()
        bench.accept(.sample(1))
        bench.answerAll()
        var other = RolloutState.sample(2)
        other.origin.topic = "another"
        bench.accept(other)
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed, .deployed])
    }

    /// The live run is deployed once more, and who deployed it first holds its key still.
    @Test func afterAReplayItIsStillADuplicate() {
        let bench = Bench()
        for (number, replay) in [(1, nil), (2, Replay(id: "x", reason: "r")), (3, nil)] {
            bench.accept(.sample(number, replay: replay))
            bench.answerAll()
        }
        #expect(bench.endings.map(\.phase) == [.deployed, .deployed, .skipped])
    }

    @Test func topicsDoNotTakeTurns() {
        let bench = Bench()
        for (number, topic) in [(1, "t"), (2, "u"), (3, "t"), (4, "u")] {
            var state = RolloutState.sample(number)
            state.origin.topic = topic
            bench.accept(state)
            bench.answerAll()
        }
        #expect(bench.endings.map(\.phase) == [.deployed, .deployed, .skipped, .skipped])
    }

    /// While a replay of the live run is verified, the run has not stopped being live.
    @Test func besideAReplayThatIsVerifiedItIsADuplicate() {
        let bench = Bench()
        bench.accept(.sample(1))
        bench.answerAll()
        let plan = RolloutPlan.sample(verification: Verification(request: "{}"))
        bench.accept(.sample(2, plan: plan, replay: Replay(id: "x", reason: "r")))
        bench.answerAll(until: { $0.isNamed("verify") })
        bench.accept(.sample(3))
        bench.answerAll()
        #expect(bench.endings.first { $0.id == RolloutID(3) }?.cause?.class == .duplicate)
    }

    @Test func onlySoManyKeysOfALiveRunAreHeld() {
        var lane = Lane()
        for number in 1...40 {
            let holder = LiveHolder(.sample(number))
            lane.deployed(
                .sample(1),
                by: Acceptance(at: wall(Int64(number)), id: RolloutID(number)),
                standing: .good(holder)
            )
        }
        #expect(lane.liveDeployment?.holders.map(\.rollout) == (31...40).map { RolloutID($0) })
    }

    @Test func anOlderRunThatWasLiveIsOlderAndNoDuplicate() {
        let bench = Bench()
        for number in 1...2 {
            bench.accept(.sample(number, plan: .sample(run: "r\(number)")))
            bench.answerAll()
        }
        bench.accept(.sample(3, plan: .sample(run: "r1")))
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed, .deployed, .superseded])
    }

    /// A call of the first one may still have its effect: its clean-up looks before the second one makes the same again.
    @Test func itWaitsForTheCleanUpOfOneThatEndedInDoubt() {
        let bench = Bench()
        bench.accept(.sample(1))
        bench.answerAll(until: { $0.isNamed("createBuild") })
        // Nothing is found of it, so that it is created again, and refused.
        bench.fail(.cut)
        for _ in 0..<20 {
            bench.answerAll(until: { $0.isNamed("createBuild") })
            bench.pass(10)
        }
        bench.fail(CallFailure(.invalid, message: "no such runtime", httpStatus: 400))
        #expect(bench.endings.map(\.phase) == [.failed])
        #expect(bench.coordinator.unsweptCount == 1)
        bench.accept(.sample(2))
        bench.answerAll(leaving: { if case .sweep = $0 { true } else { false } })
        #expect(bench.rollout(2)?.state.phase == .waiting)
        #expect(bench.rollout(2)?.state.cause?.class == .holderInDoubt)
        #expect(bench.endings.count == 1)
        bench.pass(130)
        bench.answer(.marked([]))
        bench.pass(6)
        bench.answerAll()
        #expect(bench.endings.last?.id == RolloutID(2))
        #expect(bench.endings.last?.phase == .deployed)
    }

    @Test func itWaitsForTheCleanUpAfterARestore() {
        let bench = self.waiting()
        bench.pass(130)
        bench.answer(.marked([]))
        bench.pass(6)
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed])
    }

    /// Nobody waits for a clean-up that can't be written down.
    @Test func aRefusedRecordOfTheCleanUpLetsItGoOn() {
        let bench = self.waiting()
        bench.pass(130)
        bench.holdsCommits = true
        bench.answer(.marked([MarkedObject(id: "b2", isActive: false)]))
        bench.refuseLast()
        bench.holdsCommits = false
        #expect(bench.givenUp.count == 1)
        bench.pass(10)
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed])
    }

    /// The first one's end is refused in every form: no clean-up of it comes, and nobody waits for one.
    @Test func aRefusedEndLetsItGoOn() {
        let bench = Bench()
        bench.accept(.sample(1))
        bench.answerAll(until: { $0.isNamed("createBuild") })
        bench.fail(.cut)
        for _ in 0..<20 {
            bench.answerAll(until: { $0.isNamed("createBuild") })
            bench.pass(10)
        }
        bench.holdsCommits = true
        bench.fail(CallFailure(.invalid, message: "no such runtime", httpStatus: 400))
        for _ in 0..<3 { bench.refuseLast() }
        bench.holdsCommits = false
        bench.accept(.sample(2))
        bench.answerAll()
        #expect(bench.endings.contains { $0.id == RolloutID(2) && $0.phase == .deployed })
    }

    /// The wait is no time of the step's: a bad answer behind it is tried again like any other.
    @Test func itHasTheStepsWholeTimeAfterTheWait() {
        var lane = LaneState(
            projectID: "project",
            modelName: "model",
            newestDeployed: ResolvedRun.sample(0).order,
            live: .sample(0)
        )
        lane.place = DeploymentPlace(projectID: "project", modelID: "m", buildID: "b0", deploymentID: "d0")
        let gates = [Gate(source: .metric, key: "score", betterThanDeployed: .higher)]
        let bench = self.waiting(plan: .sample(gates: gates), lanes: [lane])
        bench.pass(130)
        bench.answer(.marked([]))
        bench.pass(6)
        #expect(bench.rollout(2)?.state.step == .lane, "it reads what it is compared with")
        #expect((bench.rollout(2)?.deadline ?? .zero) > bench.now.monotonic + .seconds(50))
    }

    /// A busy lane keeps a clean-up waiting; who would be superseded anyway does not wait for that.
    @Test func itDoesNotWaitWhereANewerRunIsDeployed() {
        let bench = self.waiting()
        bench.accept(.sample(3, plan: .sample(run: "r9")))
        bench.answerAll(leaving: { if case .sweep = $0 { true } else { false } })
        bench.pass(6)
        #expect(bench.endings.map(\.phase) == [.deployed, .superseded])
    }

    /// A clean-up that looks at once proves nothing: the call may have its effect yet.
    @Test func theCleanUpLooksWhenTheCallCanHaveNoEffectAnyMore() {
        let bench = self.waiting(sweepAfter: .zero, until: at(80).wall)
        bench.pass(70)
        #expect(bench.calls.isEmpty)
        bench.pass(20)
        #expect(bench.calls.map(\.name) == ["sweep"])
    }

    private func waiting(
        sweepAfter: Span = .seconds(120),
        until: Timestamp? = nil,
        plan: RolloutPlan = .sample(),
        lanes: [LaneState] = []
    ) -> Bench {
        var first = RolloutState.sample(1)
        first.run = .sample(1)
        first.made.modelID = "m"
        first.made.registeredModelID = "rm"
        first.made.versionID = "v"
        first.doubt(.build, until: until)
        first.enter(.failed, at: at(0).wall)
        first.step = .finished
        var second = RolloutState.sample(2, plan: plan)
        second.run = .sample(1)
        second.step = .lane
        let bench = Bench(policy: Coordinator.Policy(sweepAfter: sweepAfter), holds: [])
        let restored = Coordinator.Restored(unfinished: [second], lanes: lanes, unswept: [first])
        bench.coordinator.restore(partition: 0, restored, now: bench.now)
        #expect(bench.rollout(2)?.state.cause?.class == .holderInDoubt)
        return bench
    }
}

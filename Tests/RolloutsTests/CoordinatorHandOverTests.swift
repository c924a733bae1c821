// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// Records that are refused, partitions that come and go, and stopping.
struct CoordinatorHandOverTests {
    @Test
    func aRefusedRecordEndsARolloutOnceThoughACallIsUnderWay() {
        let bench = Bench()
        bench.accept(.sample())
        bench.answerAll { $0.isNamed("createBuild") }
        bench.holdsCommits = true
        bench.answer(.build(BuildFacts(buildID: "b", progress: .underWay("building"))))
        bench.coordinator.advance(now: at(100))
        #expect(bench.calls.count == 1)
        bench.refuseLast()
        bench.answer(.build(BuildFacts(buildID: "b", progress: .underWay("building"))))
        bench.pass(1_000)
        bench.commit()
        #expect(bench.endings.map(\.cause?.class) == [.recordTooLarge])
        #expect(bench.coordinator.unfinishedCount == 0)
        #expect(bench.coordinator.budget.inUse == 0)
    }

    @Test
    func aRefusedIntentGivesItsSlotBack() {
        let bench = Bench()
        bench.accept(.sample())
        bench.holdsCommits = true
        bench.answer(.run(.sample(1)))
        bench.refuseLast()
        bench.commit()
        #expect(bench.endings.map(\.phase) == [.failed])
        #expect(bench.coordinator.budget.inUse == 0)
    }

    @Test
    func aRefusedTerminalRecordIsShortenedAndKeepsItsLane() {
        var plan = RolloutPlan.sample()
        plan.modelDescription = "long"
        let bench = Bench()
        bench.accept(.sample(plan: plan))
        bench.answerAll { $0.isNamed("createDeployment") }
        bench.holdsCommits = true
        bench.answer(.deployment(DeploymentFacts(deploymentID: "d", progress: .ready)))
        bench.refuseLast()
        #expect(bench.records.last?.lane?.live == .sample(1))
        #expect(bench.records.last?.rollout.plan.modelDescription == "")
        let count = bench.records.count
        bench.refuseLast()
        #expect(bench.records.count == count, "what can't be made shorter is not tried for ever")
    }

    @Test
    func anAbandonedRolloutGivesItsTurnToTheNext() {
        let bench = Bench()
        bench.accept(.sample(1))
        bench.accept(.sample(2, plan: .sample(run: "r2")))
        bench.answer(.run(.sample(1)))
        bench.answer(.run(.sample(2)))
        bench.coordinator.abandon(RolloutID(1), now: bench.now)
        // Its call still runs; the answer means nothing.
        bench.answer(.version(.sample(.ready)))
        bench.answerAll()
        #expect(bench.endings.map(\.id) == [RolloutID(2)])
        #expect(bench.coordinator.unfinishedCount == 0)
        #expect(bench.coordinator.budget.inUse == 0)
    }

    /// Routes have changed, and with them the owner of its model.
    @Test
    func aRolloutInTwoPartitionsGoesOnInOne() {
        let bench = Bench(holds: [0, 1])
        bench.accept(.sample(1))
        #expect(bench.isKnown(1, partition: 1))
        var met = RolloutState.sample(1, partition: 1)
        met.intent = .build
        bench.coordinator.restore(partition: 1, Coordinator.Restored(unfinished: [met]), now: bench.now)
        bench.answerAll()
        // The journal of the other partition is told that it is over there, and nobody else is.
        let double = bench.records.filter { $0.partition == 1 }
        #expect(double.map(\.rollout.phase) == [.skipped])
        #expect(double.map(\.rollout.cause?.class) == [.duplicate])
        #expect(double.map(\.publishes) == [false])
        #expect(bench.endings.map(\.partition) == [0])
        #expect(bench.endings.map(\.phase) == [.deployed])
        #expect(bench.endings.first?.aftermath?.doubts.map(\.step) == [.build])
        #expect(bench.coordinator.unfinishedCount == 0)
        #expect(bench.coordinator.workUnderWay == 0)
    }

    @Test
    func nothingStartsWhileStopping() {
        let bench = Bench()
        bench.accept(.sample())
        bench.coordinator.stop()
        bench.answer(.run(.sample(1)))
        #expect(bench.calls == [])
        #expect(bench.coordinator.nextWake(now: bench.now.monotonic) == nil)
        #expect(bench.coordinator.workUnderWay == 0)
    }

    @Test
    func whatACreatingCallBroughtWhileStoppingIsWrittenDown() {
        let bench = Bench()
        bench.accept(.sample())
        bench.answerAll { $0.isNamed("createModel") }
        bench.coordinator.stop()
        bench.answer(.model(ModelFacts(modelID: "m", registeredModelID: "rm")))
        #expect(bench.records.last?.rollout.made.modelID == "m")
        #expect(bench.records.last?.rollout.intent == nil)
    }

    @Test
    func anIntentCommittedWhileStoppingIsTakenBack() {
        let bench = Bench()
        bench.accept(.sample())
        bench.holdsCommits = true
        bench.answer(.run(.sample(1)))
        bench.coordinator.stop()
        bench.commit()
        #expect(bench.calls == [])
        #expect(bench.records.last?.rollout.intent == nil)
        #expect(bench.coordinator.budget.inUse == 0)
    }

    @Test
    func aPartitionThatIsHandedOverTakesItsIntentsBackAndStartsNothing() {
        let bench = Bench(policy: Coordinator.Policy(maximumConcurrentCalls: 1), holds: [0, 1])
        bench.accept(.sample(1, partition: 0, plan: .sample(run: "r1", model: "m1")))
        bench.holdsCommits = true
        bench.answer(.run(.sample(1)))
        #expect(bench.records.last?.rollout.intent == .version)
        bench.coordinator.leave([0])
        bench.accept(.sample(2, partition: 0, plan: .sample(run: "r2", model: "m2")))
        let calls = bench.calls.count
        bench.holdsCommits = false
        bench.commit()
        // The intent is taken back, the other rollout's turn does not come, and nothing comes round and round.
        #expect(bench.records.last?.rollout.intent == nil)
        #expect(bench.calls.count == calls)
        #expect(bench.calls.allSatisfy { !$0.isCreating })
        let records = bench.records.count
        bench.pass(10)
        #expect(bench.records.count == records)
        // Another partition's work goes on.
        bench.accept(.sample(3, partition: 1, plan: .sample(run: "r3", model: "m3")))
        bench.coordinator.release(partition: 0)
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed])
        #expect(bench.coordinator.budget.inUse == 0)
    }

    /// It was taken away while its journal was still being read, so there was nothing to release.
    @Test
    func aPartitionThatComesBackAfterItLeftUnrestoredWorks() {
        let bench = Bench()
        bench.coordinator.release(partition: 0)
        bench.coordinator.leave([0])
        bench.restore([])
        bench.accept(.sample())
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed])
    }

    @Test
    func aReleasedPartitionLeavesNothingBehind() {
        let bench = Bench(policy: Coordinator.Policy(maximumConcurrentCalls: 2), holds: [0, 1])
        bench.holdsCommits = true
        for number in 1...4 {
            let plan = RolloutPlan.sample(run: "r\(number)", model: "m\(number)")
            bench.accept(.sample(number, partition: 0, plan: plan))
        }
        bench.accept(.sample(5, partition: 1))
        bench.answer(.run(.sample(1)))
        bench.answer(.run(.sample(2)))
        bench.coordinator.release(partition: 0)
        #expect(bench.coordinator.unfinishedCount == 1)
        bench.answer(.run(.sample(3)))
        bench.answer(.run(.sample(4)))
        bench.commit()
        bench.coordinator.advance(now: bench.now)
        #expect(bench.calls == [.readRun(projectID: "project", experimentID: "experiment", runID: "r1")])
        #expect(bench.coordinator.budget.inUse == 1)
        #expect(!bench.isKnown(1))
    }

    @Test
    func aPartitionTakenOverAgainForgetsWhatWasInMemory() {
        let bench = Bench()
        bench.accept(.sample(1))
        bench.restore([.sample(2)])
        #expect(bench.coordinator.unfinishedCount == 1)
        bench.answer(.run(.sample(1)))
        bench.answerAll()
        #expect(bench.endings.map(\.id) == [RolloutID(2)])
        #expect(bench.coordinator.budget.inUse == 0)
    }

    // MARK: The newest run wins

    @Test
    func anOlderRunIsSupersededByTheDeployedOneAlsoAfterARestore() {
        let bench = Bench()
        let lane = LaneState(
            projectID: "project",
            modelName: "model",
            newestDeployed: RunFacts.sample(5).order,
            live: .sample(5)
        )
        bench.restore([.sample(1, plan: .sample(run: "r4"))], lanes: [lane])
        bench.answer(.run(.sample(4)))
        #expect(bench.endings.map(\.phase) == [.superseded])
        #expect(bench.endings.first?.cause?.class == .newerRun)
    }

    @Test
    func aRollbackGoesBackAndOnlyNewerRunsDisplaceIt() {
        let bench = Bench()
        bench.accept(.sample(1, plan: .sample(run: "r5")))
        bench.answerAll()
        let replay = Replay(id: "x", reason: "r5 is bad", allowsRollback: true)
        bench.accept(.sample(2, plan: .sample(run: "r2"), replay: replay))
        bench.answerAll()
        bench.accept(.sample(3, plan: .sample(run: "r4")))
        bench.answerAll()
        bench.accept(.sample(4, plan: .sample(run: "r6")))
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed, .deployed, .superseded, .deployed])
        #expect(bench.records.compactMap(\.lane).map(\.newestDeployed.runID) == ["r5", "r5", "r6"])
    }

    /// The newer run has failed, but its deployment may come up by itself.
    @Test
    func aDeploymentOfUnknownFateKeepsOlderRunsOut() {
        var plan = RolloutPlan.sample(run: "r2")
        plan.deadlines.deploy = 10_000
        let bench = Bench()
        bench.accept(.sample(2, plan: plan))
        bench.answerAll { $0.isNamed("createDeployment") }
        let starting = CallResult.deployment(DeploymentFacts(deploymentID: "d", progress: .underWay("starting")))
        bench.answer(starting)
        bench.accept(.sample(1, plan: .sample(run: "r1", queue: .every)))
        bench.answer(.run(.sample(1)))
        for _ in 0..<10 where bench.endings.isEmpty {
            bench.pass(16)
            bench.answer(starting)
        }
        #expect(bench.endings.map(\.cause?.class) == [.deadline, .newerRun])
        #expect(bench.records.compactMap(\.lane).map(\.newestDeployed.runID) == ["r2"])
    }

    @Test
    func aDeploymentThatFailedLetsOlderRunsIn() {
        let bench = Bench()
        bench.accept(.sample(2, plan: .sample(run: "r2")))
        bench.answerAll { $0.isNamed("createDeployment") }
        bench.accept(.sample(1, plan: .sample(run: "r1", queue: .every)))
        bench.answer(.deployment(DeploymentFacts(deploymentID: "d", progress: .failed("crashed"))))
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.failed, .deployed])
    }

    @Test
    func aGateComparesWithTheDeployedRun() {
        let gates = [Gate(source: .metric, key: "score", betterThanDeployed: .higher)]
        let bench = Bench()
        bench.accept(.sample(1, plan: .sample(run: "r1", gates: gates)))
        bench.answer(.run(.sample(1, metrics: ["score": 0.8])))
        bench.answerAll()
        bench.accept(.sample(2, plan: .sample(run: "r2", gates: gates)))
        bench.answer(.run(.sample(2, metrics: ["score": 0.7])))
        #expect(bench.calls == [.readRun(projectID: "project", experimentID: "experiment", runID: "r1")])
        bench.answer(.run(.sample(1, metrics: ["score": 0.8])))
        #expect(bench.endings.map(\.cause?.class) == [nil, .gate])
    }
}

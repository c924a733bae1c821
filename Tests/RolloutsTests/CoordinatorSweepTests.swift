// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// Sweeps among rollouts: when they may act, what they leave, and what is said of it.
struct CoordinatorSweepTests {
    private func ended(_ doubts: [CreatingStep]) -> RolloutState {
        var state = RolloutState.sample(1, plan: .sample(run: "r1"))
        state.run = .sample(1)
        state.made.registeredModelID = "rm"
        state.made.versionID = "v1"
        state.made.modelID = "m"
        state.made.buildID = "b1"
        state.made.deploymentID = "d1"
        for step in doubts { state.doubt(step) }
        state.enter(.deployed, at: at(0).wall)
        state.step = .finished
        return state
    }

    private func bench(_ doubts: [CreatingStep], live: String? = nil) -> Bench {
        let bench = Bench(holds: [])
        var lane = LaneState(
            projectID: "project",
            modelName: "model",
            newestDeployed: ResolvedRun.sample(5).order,
            live: .sample(5)
        )
        lane.place = live.map {
            DeploymentPlace(projectID: "project", modelID: "m", buildID: "b5", deploymentID: $0)
        }
        bench.coordinator.restore(
            partition: 0,
            Coordinator.Restored(lanes: live == nil ? [] : [lane], unswept: [self.ended(doubts)]),
            now: bench.now
        )
        bench.pass(130)
        return bench
    }

    private func isReviving(_ call: APICall) -> Bool {
        if case .sweep(.reviveDeployment) = call { true } else { false }
    }

    /// Up to where the older run's late deployment is stopped, which had displaced the live one.
    private func stopped() -> Bench {
        let bench = self.bench([.deployment], live: "d5")
        bench.answer(.marked([MarkedObject(id: "d1", isActive: false), MarkedObject(id: "d2", isActive: true)]))
        #expect(bench.calls.map { "\($0)".contains("stopDeployment") } == [true])
        return bench
    }

    private func isDown(_ bench: Bench) {
        #expect(bench.calls.map { "\($0)".contains("readLive") } == [true])
        bench.answer(.marked([MarkedObject(id: "d5", isActive: false)]))
    }

    @Test func theDisplacedDeploymentIsRevived() {
        let bench = self.stopped()
        bench.answer(.marked([]))
        self.isDown(bench)
        #expect(bench.calls.map(self.isReviving) == [true])
        bench.answer(.marked([]))
        self.lookAgain(bench)
        #expect(bench.coordinator.unsweptCount == 0)
    }

    /// The second look finds nothing.
    private func lookAgain(_ bench: Bench) {
        bench.pass(370)
        while !bench.calls.isEmpty { bench.answer(.marked([])) }
    }

    @Test func noDeploymentIsRevivedOnceANewerRunIsLive() {
        let bench = self.stopped()
        bench.accept(.sample(9, plan: .sample(run: "r9")))
        bench.answerAll(leaving: { if case .sweep = $0 { true } else { false } }, until: { _ in false })
        #expect(bench.endings.map(\.phase) == [.deployed])
        // Only now its stop is answered.
        bench.answer(.marked([]))
        bench.answer(.marked([]))
        bench.pass(60)
        #expect(bench.calls == [])
        self.lookAgain(bench)
        #expect(bench.coordinator.unsweptCount == 0)
    }

    @Test func nothingIsRevivedWhileARunOfTheModelIsBeingDeployed() {
        let bench = self.stopped()
        bench.accept(.sample(9, plan: .sample(run: "r9")))
        bench.answerAll(
            leaving: { if case .sweep = $0 { true } else { false } },
            until: { $0.isNamed("createDeployment") }
        )
        for _ in 1...2 { bench.answer(.marked([])) { if case .sweep = $0 { true } else { false } } }
        bench.pass(5)
        #expect(!bench.calls.contains(where: self.isReviving))
        // It fails, so what was live before ought to serve again.
        bench.answer(.deployment(DeploymentFacts(deploymentID: "d9", progress: .failed("no"))))
        #expect(bench.endings.map(\.phase) == [.failed])
        bench.pass(11)
        #expect(
            bench.calls.map { "\($0)".contains("findDeployments") } == [true],
            "what serves may be another one by now"
        )
        bench.answer(.marked([MarkedObject(id: "d1", isActive: false), MarkedObject(id: "d2", isActive: false)]))
        self.isDown(bench)
        #expect(bench.calls.map(self.isReviving) == [true])
    }

    /// What is to serve does not wait for a build of hours.
    @Test func theDisplacedDeploymentIsRevivedWhileARunOfTheModelIsBuilt() {
        let bench = self.stopped()
        bench.accept(.sample(9, plan: .sample(run: "r9")))
        bench.answerAll(leaving: { if case .sweep = $0 { true } else { false } }, until: { $0.isNamed("createBuild") })
        let isSweep: (APICall) -> Bool = { if case .sweep = $0 { true } else { false } }
        bench.answer(.marked([]), to: isSweep)
        bench.answer(.marked([MarkedObject(id: "d5", isActive: false)]), to: isSweep)
        #expect(bench.calls.contains(where: self.isReviving))
    }

    @Test func aSweepThatTheWorkbenchRefusesGivesUpAndSaysSo() {
        let bench = self.bench([.build])
        for _ in 0..<RetryPolicy().maximumAttempts {
            #expect(bench.calls.count == 1)
            bench.fail(CallFailure(.invalid, message: "refused", httpStatus: 400))
            bench.pass(120)
        }
        #expect(bench.givenUp.map(\.call?.name) == ["findBuilds"])
        #expect(bench.givenUp.map(\.cause.class) == [.invalid])
        self.lookAgain(bench)
        #expect(bench.coordinator.unsweptCount == 0)
    }

    /// What nobody has looked at, nobody knows of: a page in place of an answer is waited out.
    @Test(arguments: [CallFailure.page, .failed])
    func aSweepOutlastsWhatSomebodyInBetweenAnswers(failure: CallFailure) {
        let bench = self.bench([.build])
        for _ in 0..<(4 * RetryPolicy().maximumAttempts) { self.fail(failure, bench) }
        #expect(bench.givenUp.isEmpty)
        bench.answer(.marked([MarkedObject(id: "b2", isActive: true)]))
        #expect(bench.records.contains { $0.reportsOrphans })
    }

    /// While its probe succeeds it is this call that fails, and not for ever.
    @Test func aSweepThatIsNeverAnsweredGivesUpInTheEnd() {
        let bench = self.bench([.build])
        var rounds = 0
        while bench.givenUp.isEmpty, rounds < 200 {
            self.fail(.page, bench)
            rounds += 1
        }
        #expect(bench.givenUp.map(\.cause.class) == [.refusedInBetween])
        #expect((110...140).contains(rounds), "an hour, in \(rounds) tries")
    }

    /// No time of it passes while its component is down, however long that is.
    @Test func aSweepWaitsForAsLongAsItsComponentIsDown() {
        let bench = self.bench([.build])
        bench.fail(.page)
        for _ in 0..<300 {
            bench.fail(.page)
            bench.pass(31)
        }
        #expect(bench.outages.compactMap(\.self).count == 1, "the outage is told")
        #expect(bench.givenUp.isEmpty)
        #expect(bench.calls.map { $0.isNamed("probe") } == [true])
        bench.answer(.alive)
        bench.pass(31)
        bench.answer(.marked([]))
        #expect(bench.givenUp.isEmpty)
        #expect(bench.coordinator.unsweptCount == 1, "the second look is to come")
    }

    /// A call of the sweep fails, the probe that this brings about does not, and the sweep tries again.
    private func fail(_ failure: CallFailure, _ bench: Bench) {
        bench.fail(failure)
        while bench.calls.first?.isNamed("probe") == true { bench.answer(.alive) }
        bench.pass(31)
    }

    @Test func theLastRecordOfASweepOfAPartitionThatWentIsNotWaitedFor() {
        let bench = self.bench([.build])
        bench.holdsCommits = true
        bench.answer(.marked([]))
        #expect(bench.coordinator.workUnderWay == 1)
        bench.coordinator.release(partition: 0)
        #expect(bench.coordinator.workUnderWay == 0)
    }

    /// Two clean-ups and their looks are over once the second look is.
    @Test func itIsLookedTwice() {
        let bench = self.bench([.build])
        bench.answer(.marked([]))
        #expect(bench.coordinator.unsweptCount == 1)
        bench.pass(300)
        #expect(bench.calls == [])
        bench.pass(70)
        #expect(bench.calls.map(\.name) == ["sweep"])
        bench.answer(.marked([MarkedObject(id: "b2", isActive: true)]))
        #expect(bench.records.last?.rollout.aftermath?.isChanging == true, "the change is announced")
        bench.answer(.marked([]))
        #expect(bench.coordinator.unsweptCount == 0)
        #expect(bench.records.contains { $0.reportsOrphans })
    }

    @Test func aChangeWaitsForItsIntentAndGrowsOld() {
        let bench = self.bench([.build])
        bench.answer(.marked([MarkedObject(id: "b2", isActive: true)]))
        #expect(bench.limits.isEmpty == false, "nothing is deleted without a last moment")
        bench.fail(CallFailure(.withheld, message: "too late"))
        bench.pass(1)
        #expect(bench.calls.map { "\($0)".contains("removeBuild") } == [true], "announced anew")
    }

    @Test func nothingIsTakenAwayForAPartitionThatLeaves() {
        let bench = self.bench([.build])
        bench.coordinator.leave([0])
        bench.answer(.marked([MarkedObject(id: "b2", isActive: true)]))
        #expect(bench.calls == [])
    }

    /// Found and told at once; taken away when nobody is changing what serves.
    @Test func aBusyModelIsLookedAfter() {
        let bench = self.bench([])
        bench.accept(.sample(9, plan: .sample(run: "r9")))
        bench.answerAll(until: { $0.isNamed("createBuild") })
        bench.coordinator.planSweep(of: self.ended([.deployment]), now: bench.now)
        bench.pass(1)
        bench.answer(.marked([MarkedObject(id: "d1", isActive: false), MarkedObject(id: "d2", isActive: true)])) {
            if case .sweep = $0 { true } else { false }
        }
        #expect(bench.records.contains { $0.reportsOrphans })
        #expect(!bench.calls.contains { "\($0)".contains("stopDeployment") })
    }

    /// 16 calls of rollouts at the most go first, however many wait.
    @Test func aSweepHasItsTurnUnderLoad() {
        let bench = Bench(policy: Coordinator.Policy(maximumConcurrentCalls: 1))
        for number in 1...40 { bench.accept(.sample(number, plan: .sample(run: "r\(number)", model: "m\(number)"))) }
        bench.coordinator.planSweep(of: self.ended([.build]), now: bench.now)
        bench.pass(130)
        var answered = 0
        while answered < 40, !bench.calls.contains(where: { $0.isNamed("sweep") }) {
            bench.answer(.run(nil))
            answered += 1
        }
        #expect(answered <= 17)
    }
}

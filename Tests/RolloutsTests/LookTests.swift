// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// When a creating step looks for what an earlier attempt may have made, and when it need not.
struct LookTests {
    private static let steps = [
        ("registerVersion", "findVersion"), ("createModel", "findModel"), ("createBuild", "findBuild"),
        ("createDeployment", "findDeployment"),
    ]
    private static let failedBefore = [CallFailure.failedSomehow, .cut]

    /// A second rollout of a model whose first one is deployed.
    private func second(_ replay: Replay? = nil) -> Bench {
        let bench = Bench()
        bench.accept(.sample(1))
        bench.answerAll()
        bench.accept(.sample(2, plan: .sample(run: "r2"), replay: replay))
        return bench
    }

    @Test func anOwnersFirstAttemptLooksForTheModelAlone() {
        let bench = Bench()
        bench.accept(.sample())
        bench.answerAll()
        #expect(
            bench.asked == [
                "readRun", "registerVersion", "findModel", "createModel", "createBuild", "createDeployment",
            ]
        )
    }

    @Test func aRestoredRolloutLooksAtEveryStep() {
        let bench = Bench()
        bench.restore([.sample()])
        bench.answerAll()
        #expect(
            bench.asked == [
                "readRun", "findVersion", "registerVersion", "findModel", "createModel", "findBuild", "createBuild",
                "findDeployment", "createDeployment",
            ]
        )
    }

    @Test func aReplayLooksForTheVersionOfTheFirstRollout() {
        let bench = Bench()
        bench.accept(.sample(replay: Replay(id: "again", reason: "test")))
        bench.answerAll()
        #expect(bench.asked.filter { $0.hasPrefix("find") } == ["findVersion", "findModel"])
    }

    /// The run was read before the replay registered it.
    @Test func aRolloutLooksForTheVersionOfAReplayThatWentFirst() {
        let bench = Bench()
        let plan = RolloutPlan.sample(queue: .every)
        bench.accept(.sample(1, plan: plan, replay: Replay(id: "again", reason: "test")))
        bench.accept(.sample(2, plan: plan))
        bench.answerAll()
        #expect(bench.asked.filter { $0 == "findVersion" }.count == 2)
    }

    /// Whatever the answer was: nobody knows whether the call had an effect.
    @Test(arguments: steps, failedBefore)
    func anUnknownOutcomeIsLookedForBeforeTheCallIsMadeAgain(_ step: (String, String), _ failure: CallFailure) {
        let bench = Bench()
        bench.accept(.sample())
        bench.answerAll(until: { $0.isNamed(step.0) })
        bench.fail(failure)
        // Its component is up, so that it was this call alone.
        if bench.calls.first?.isNamed("probe") == true { bench.answer(.alive) }
        bench.pass(1)
        #expect(bench.calls.map(\.name) == [step.1])
    }

    @Test(arguments: steps)
    func aConflictIsLookedAtAgain(_ step: (String, String)) {
        let bench = Bench()
        bench.accept(.sample())
        bench.answerAll(until: { $0.isNamed(step.0) })
        bench.fail(CallFailure(.conflict, message: "the name is taken", httpStatus: 409))
        bench.pass(1)
        #expect(bench.calls.map(\.name) == [step.1])
    }

    /// What the workbench has, its lists may show only after `settle`.
    @Test func aTakenNameIsLookedForUntilListsHaveCaughtUp() {
        let bench = Bench()
        bench.accept(.sample())
        bench.answerAll(until: { $0.isNamed("createModel") })
        bench.fail(CallFailure(.conflict, message: "the name is taken", httpStatus: 500))
        for _ in 0..<3 {
            bench.pass(16)
            #expect(bench.calls.map(\.name) == ["findModel"])
            bench.answer(.model(nil))
        }
        bench.pass(16)
        bench.answer(.model(ModelFacts(modelID: "m", registeredModelID: "rm")))
        bench.answerAll()
        #expect(bench.asked.filter { $0 == "createModel" }.count == 1)
        #expect(bench.asked.last == "createDeployment")
    }

    /// No list shows it, and yet it is taken.
    @Test func aNameThatStaysTakenEndsTheRollout() throws {
        let bench = Bench()
        bench.accept(.sample())
        while bench.coordinator.unfinishedCount > 0 {
            bench.answerAll(until: { $0.isNamed("createModel") })
            bench.fail(CallFailure(.conflict, message: "the name is taken", httpStatus: 500))
            bench.pass(16)
        }
        #expect(bench.asked.filter { $0 == "createModel" }.count == 6)
        #expect(bench.endings.map(\.cause?.class) == [.conflict])
    }

    @Test(arguments: steps)
    func aCallThatHadNoEffectIsMadeAgainWithoutALook(_ step: (String, String)) {
        let bench = Bench()
        bench.accept(.sample())
        bench.answerAll(until: { $0.isNamed(step.0) })
        bench.fail(.failed)
        bench.answer(.alive)
        bench.pass(1)
        #expect(bench.calls.map(\.name) == [step.0])
    }

    @Test(arguments: steps)
    func aCallThatWasNeverSentIsMadeAgainWithoutALook(_ step: (String, String)) {
        let bench = Bench()
        bench.accept(.sample())
        bench.answerAll(until: { $0.isNamed(step.0) })
        bench.fail(CallFailure(.withheld, message: "the intent was too old"))
        #expect(bench.calls.map(\.name) == [step.0])
    }

    @Test func whatALookFoundIsNotLookedForAgain() {
        let bench = Bench()
        bench.restore([.sample()])
        bench.answerAll(until: { $0.isNamed("findBuild") })
        bench.answer(.build(BuildFacts(buildID: "found", progress: .underWay("building"))))
        bench.pass(20)
        #expect(bench.calls.map(\.name) == ["readBuild"])
    }

    /// Its journal says nothing of a call, but an earlier owner may have sent one after its newest record that we read.
    @Test func aRestoredRolloutLooksThoughItsJournalSaysOfNoIntent() {
        var state = RolloutState.sample()
        state.step = .build
        state.run = .sample(1)
        state.made.registeredModelID = "rm"
        state.made.versionID = "v"
        state.made.modelID = "m"
        let bench = Bench()
        bench.restore([state])
        #expect(bench.calls.map(\.name) == ["findBuild"])
    }

    // MARK: The lane's model

    @Test func theModelOfTheLaneIsTakenWithoutALook() {
        let bench = self.second()
        let before = bench.asked.count
        bench.answerAll()
        #expect(bench.asked[before...] == ["registerVersion", "createBuild", "createDeployment"])
        #expect(bench.endings.last?.made.modelID == "m")
    }

    @Test func aModelOfTheLaneThatIsGoneIsLookedForAndMadeAgain() {
        let bench = self.second()
        bench.answerAll(until: { $0.isNamed("createBuild") })
        bench.fail(CallFailure(.notFound, message: "no such model", httpStatus: 404))
        #expect(bench.calls.map(\.name) == ["findModel"])
        bench.answer(.model(nil))
        bench.answer(.model(ModelFacts(modelID: "new", registeredModelID: "rm")))
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed, .deployed])
        #expect(bench.endings.last?.made.modelID == "new")
    }

    /// Only a hint may be wrong: a model that was looked for or made is gone when no lag can hide it any more.
    @Test func aModelThatWasLookedForAndStaysGoneEndsTheRollout() {
        let bench = Bench()
        bench.accept(.sample())
        bench.answerAll(until: { $0.isNamed("createBuild") })
        let began = bench.now.monotonic
        bench.stayMissing(CallFailure(.notFound, message: "no such model", httpStatus: 404))
        #expect(bench.now.monotonic - began >= .seconds(60))
        #expect(bench.endings.map(\.cause?.class) == [.notFound])
    }

    @Test func theModelOfTheLaneIsNotTakenForAVersionOfAnotherRegisteredModel() {
        let bench = self.second()
        bench.answerAll(until: { $0.isNamed("registerVersion") })
        var version = VersionFacts.sample(.ready)
        version.registeredModelID = "another"
        bench.answer(.version(version))
        #expect(bench.calls.map(\.name) == ["findModel"])
    }

    @Test func aRestoredRolloutLooksForItsModelThoughTheLaneHasOne() {
        let first = self.second()
        first.answerAll()
        let lanes = first.records.compactMap(\.lane)
        let bench = Bench()
        bench.restore([.sample(3, plan: .sample(run: "r3"))], lanes: lanes.suffix(1))
        bench.answerAll()
        #expect(bench.asked.contains("findModel"))
    }
}

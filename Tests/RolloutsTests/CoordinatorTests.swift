// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// The coordinator's decisions, one situation at a time.
struct CoordinatorTests {
    @Test
    func aRunBecomesADeployedModel() {
        let bench = Bench()
        bench.accept(.sample())
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed])
        #expect(
            bench.records.filter(\.publishes).map(\.rollout.phase) == [.registering, .building, .deploying, .deployed]
        )
        #expect(bench.records.filter(\.publishes).map(\.rollout.sequence) == [2, 3, 4, 5])
        #expect(bench.records.compactMap(\.rollout.intent) == [.version, .model, .build, .deployment])
        #expect(bench.records.last?.lane?.live == .sample(1))
        #expect(bench.coordinator.unfinishedCount == 0)
        #expect(bench.coordinator.budget.inUse == 0)
    }

    @Test
    func noCreatingCallBeforeItsIntentIsCommitted() {
        let bench = Bench()
        bench.accept(.sample())
        bench.holdsCommits = true
        bench.answer(.run(.sample(1)))
        #expect(bench.records.last?.rollout.intent == .version)
        #expect(bench.calls == [])
        bench.commit()
        #expect(bench.calls.allSatisfy(\.isCreating) && bench.calls.count == 1)
    }

    @Test
    func anIntentThatTookTooLongIsWrittenAgain() {
        let bench = Bench()
        bench.accept(.sample())
        bench.holdsCommits = true
        bench.answer(.run(.sample(1)))
        let ticket = bench.records.last?.ticket ?? 0
        let began = bench.now.monotonic
        bench.now = at(5)
        bench.commit(began: began)
        #expect(bench.calls == [])
        #expect(bench.records.last?.ticket != ticket)
        #expect(bench.records.last?.rollout.intent == .version)
    }

    // MARK: Unknown outcomes

    @Test
    func whatAnEarlierCallMadeIsAdopted() {
        let bench = Bench()
        bench.accept(.sample())
        bench.answerAll { $0.isNamed("createBuild") }
        bench.fail(.failedSomehow)
        bench.answer(.alive)
        bench.pass(1)
        #expect(bench.calls.first?.isNamed("findBuild") == true)
        bench.answer(.build(BuildFacts(buildID: "found", progress: .underWay("building"))))
        // The note of the adoption no longer tells whoever takes over to wait.
        #expect(bench.coordinator.rollouts[RolloutID(1)]?.state.intent == nil)
        bench.pass(20)
        bench.answerAll()
        #expect(bench.endings.first?.made.buildID == "b" || bench.endings.first?.made.buildID == "found")
        #expect(bench.endings.map(\.phase) == [.deployed])
    }

    @Test
    func nothingIsCreatedAgainBeforeTheUnknownCallIsOver() {
        let bench = Bench()
        bench.accept(.sample())
        bench.answerAll { $0.isNamed("createBuild") }
        bench.fail(.failedSomehow)
        bench.answer(.alive)
        while bench.now.monotonic < at(90).monotonic {
            bench.pass(1)
            #expect(bench.calls.allSatisfy { !$0.isCreating })
            if bench.calls.count == 1, bench.now.monotonic < at(90).monotonic { bench.answer(.build(nil)) }
        }
        bench.pass(20)
        bench.answer(.build(nil))
        #expect(bench.calls.first?.isNamed("createBuild") == true)
    }

    @Test
    func aRestoredIntentIsLookedForAtOnceAndRepeatedOnlyAfterTheSettleTime() {
        var state = RolloutState.sample()
        state.step = .register
        state.run = .sample(1)
        state.intent = .version
        // The worker was away for longer than the step may take.
        let bench = Bench()
        bench.now = at(1_000_000)
        bench.restore([state])
        #expect(bench.calls.first?.isNamed("findVersion") == true)
        while bench.now.monotonic < at(1_000_200).monotonic, bench.calls.first?.isNamed("registerVersion") != true {
            if bench.calls.first?.isNamed("findVersion") == true { bench.answer(.version(nil)) }
            bench.pass(1)
        }
        #expect(bench.calls.first?.isNamed("registerVersion") == true)
        #expect(bench.now.monotonic >= at(1_000_090).monotonic)
        #expect(bench.endings == [])
    }

    @Test
    func aLastLookDecidesAfterTheLastAttempt() {
        let bench = Bench(policy: Coordinator.Policy(retry: RetryPolicy(maximumAttempts: 1)))
        bench.accept(.sample())
        bench.answerAll { $0.isNamed("createDeployment") }
        bench.fail(.failedSomehow)
        bench.succeedForOthers("createDeployment")
        bench.answer(.alive)
        #expect(bench.endings == [])
        bench.pass(100)
        #expect(bench.calls.first?.isNamed("findDeployment") == true)
        bench.answer(.deployment(DeploymentFacts(deploymentID: "late", progress: .ready)))
        #expect(bench.endings.map(\.phase) == [.deployed])
        #expect(bench.endings.first?.made.deploymentID == "late")
    }

    @Test
    func aLastLookThatFindsNothingEndsTheRollout() {
        let bench = Bench(policy: Coordinator.Policy(retry: RetryPolicy(maximumAttempts: 1)))
        bench.accept(.sample())
        bench.answerAll { $0.isNamed("createDeployment") }
        bench.fail(.failedSomehow)
        bench.succeedForOthers("createDeployment")
        bench.answer(.alive)
        bench.pass(100)
        bench.answer(.deployment(nil))
        #expect(bench.endings.map(\.phase) == [.failed])
        #expect(bench.endings.first?.cause?.class == .serverError)
    }

    // MARK: Deadlines and retries

    @Test
    func failuresBetweenAnswersAreNoSeries() {
        let bench = Bench()
        bench.accept(.sample())
        bench.answerAll { $0.isNamed("createBuild") }
        bench.answer(.build(BuildFacts(buildID: "b", progress: .underWay("building"))))
        for _ in 0..<20 {
            bench.pass(20)
            bench.fail(.failed)
            // The workbench itself is up: it was this one answer.
            bench.answer(.alive)
            bench.pass(20)
            bench.answer(.build(BuildFacts(buildID: "b", progress: .underWay("building"))))
        }
        #expect(bench.endings == [])
    }

    @Test
    func failedLooksBetweenAnswersAreNoSeriesEither() {
        let bench = Bench(policy: Coordinator.Policy(settle: .seconds(600)))
        bench.accept(.sample())
        bench.answerAll { $0.isNamed("createBuild") }
        bench.fail(.failedSomehow)
        bench.answer(.alive)
        for _ in 0..<8 {
            bench.pass(16)
            #expect(bench.calls.map(\.name) == ["findBuild"])
            bench.fail(.failed)
            // The workbench itself is up: it was this one answer.
            bench.answer(.alive)
            bench.pass(16)
            bench.answer(.build(nil))
        }
        #expect(bench.endings == [])
    }

    @Test
    func aStepThatDoesNotEndFails() {
        let bench = Bench()
        bench.accept(.sample())
        bench.answerAll { $0.isNamed("createBuild") }
        bench.answer(.build(BuildFacts(buildID: "b", progress: .underWay("building"))))
        for _ in 0..<200 where bench.endings.isEmpty {
            bench.pass(20)
            bench.answer(.build(BuildFacts(buildID: "b", progress: .underWay("building"))))
        }
        #expect(bench.endings.first?.cause?.class == .deadline)
        #expect(bench.now.monotonic >= at(1_800).monotonic)
        #expect(bench.now.monotonic < at(1_900).monotonic)
    }

    @Test(arguments: [RunFacts.Status.running, .scheduled])
    func aRunThatIsStillUnderWayIsWaitedForUntilTheDeadline(status: RunFacts.Status) {
        var facts = RunFacts.sample(1)
        facts.status = status
        let bench = Bench()
        bench.accept(.sample())
        for _ in 0..<100 where bench.endings.isEmpty {
            bench.answer(.run(facts))
            bench.pass(5)
        }
        #expect(bench.endings.map(\.phase) == [.failed])
        let message = "the run is '\(status.rawValue)' on the workbench (for 60 s)"
        #expect(bench.endings.first?.cause == Cause(.runNotFinished, message))
        #expect(bench.now.monotonic >= at(60).monotonic)
        #expect(bench.now.monotonic < at(90).monotonic)
        #expect(!bench.records.contains { $0.rollout.intent != nil })
    }

    @Test
    func aRunThatFinishesALittleAfterItsEventIsDeployed() {
        var facts = RunFacts.sample(1)
        facts.status = .running
        let bench = Bench()
        bench.accept(.sample())
        bench.answer(.run(facts))
        #expect(bench.calls == [])
        bench.pass(30)
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed])
    }

    @Test
    func aProjectNameThatIsNotUniqueIsNoProjectsName() {
        var plan = RolloutPlan.sample()
        plan.run.projectID = nil
        plan.run.projectName = "fraud"
        let bench = Bench()
        bench.accept(.sample(plan: plan))
        bench.answer(.projects(["p2", "p1"].map { ProjectFacts(id: $0, name: "fraud", owner: "owner-of-\($0)") }))
        let cause = Cause(.projectAmbiguous, "2 projects are named 'fraud': p1 of owner-of-p1, p2 of owner-of-p2")
        #expect(bench.endings.map(\.cause) == [cause])
    }

    @Test(arguments: [RunFacts.Status.failed, .killed])
    func aRunThatEndedBadlyIsSkippedAtOnce(status: RunFacts.Status) {
        var facts = RunFacts.sample(1)
        facts.status = status
        let bench = Bench()
        bench.accept(.sample())
        bench.answer(.run(facts))
        #expect(bench.endings.map(\.phase) == [.skipped])
        #expect(bench.endings.first?.cause?.class == .runNotFinished)
    }

    @Test
    func nothingIsCreatedAfterTheDeadline() {
        var plan = RolloutPlan.sample()
        plan.deadlines.build = 10_000
        plan.runtime = .newest(kernel: "Python 3.10", edition: "Standard", editor: nil)
        let bench = Bench()
        bench.accept(.sample(plan: plan))
        bench.answerAll { $0.isNamed("findRuntime") }
        bench.pass(11)
        bench.answer(.runtime(identifier: "runtime"))
        #expect(bench.calls == [])
        #expect(bench.endings.first?.cause?.class == .deadline)
    }

    @Test
    func waitingForASlotIsNotTheStepsTime() {
        var plan = RolloutPlan.sample()
        plan.deadlines.resolve = 10_000
        let bench = Bench(policy: Coordinator.Policy(maximumConcurrentCalls: 1))
        bench.accept(.sample(1, plan: .sample(run: "r2", model: "other")))
        bench.accept(.sample(2, plan: plan))
        bench.pass(1_000)
        bench.answer(.run(.sample(2)))
        var facts = RunFacts.sample(1)
        facts.status = .running
        while bench.calls.first?.isNamed("readRun") == false { bench.answerAll { $0.isNamed("readRun") } }
        bench.answer(.run(facts))
        #expect(bench.endings.allSatisfy { $0.id != RolloutID(2) })
    }

    @Test(arguments: [nil, .zero, seconds(-5), Span(nanoseconds: .max)] as [Span?])
    func aRateLimitIsKeptWithinReason(retryAfter: Span?) {
        let bench = Bench()
        bench.accept(.sample())
        bench.fail(CallFailure(.rateLimited, message: "slow down", httpStatus: 429, retryAfter: retryAfter))
        #expect(bench.calls == [])
        bench.pass(0.05)
        #expect(bench.calls == [])
        bench.pass(601)
        #expect(bench.calls.count == 1)
        #expect(bench.coordinator.rollouts[RolloutID(1)]?.attempts == 0)
    }
}

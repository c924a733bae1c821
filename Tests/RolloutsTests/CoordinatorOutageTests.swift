// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Rollouts

/// What an outage does to rollouts, and what only looks like one.
struct CoordinatorOutageTests {
    @Test
    func oneProbeDecidesAndNoAttemptIsUsedUp() {
        let bench = Bench()
        bench.accept(.sample(1))
        bench.accept(.sample(2, plan: .sample(run: "r2", model: "other")))
        bench.fail(.cut)
        bench.fail(.cut)
        #expect(bench.calls == [.probe(.experiments, ProbePlace(projectID: "project", experimentID: "experiment"))])
        bench.fail(.cut)
        #expect(bench.outages.map { $0?.class } == [.unavailable])
        #expect(bench.records.filter { $0.rollout.phase == .waiting && $0.publishes }.count == 2)
        for _ in 0..<500 {
            bench.pass(60)
            // Beside the probe one rollout tries, another model's than the one that failed.
            #expect(bench.calls.count { $0.isNamed("probe") } <= 1 && bench.calls.count <= 2)
            while !bench.calls.isEmpty { bench.fail(.cut) }
        }
        bench.pass(60)
        bench.answer(.alive, to: { $0.isNamed("probe") })
        #expect(bench.outages.last == .some(nil))
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed, .deployed])
    }

    @Test(arguments: Component.allCases)
    func anOutageTakesNothingFromADeadline(component: Component) {
        let bench = Bench()
        bench.accept(.sample())
        let isLast: (APICall) -> Bool =
            component == .registry ? { $0.isNamed("registerVersion") } : { $0.isNamed("createBuild") }
        bench.answerAll(until: isLast)
        let version = CallResult.version(.sample(.underWay("registering")))
        let build = CallResult.build(BuildFacts(buildID: "b", progress: .underWay("building")))
        let answer = component == .registry ? version : build
        bench.answer(answer)
        bench.pass(20)
        bench.fail(.cut)
        bench.fail(.cut)
        for _ in 0..<100 {
            bench.pass(60)
            bench.fail(.cut)
        }
        bench.pass(60)
        bench.answer(.alive)
        bench.answer(answer)
        #expect(bench.endings == [])
    }

    @Test
    func aCallThatFailsWhileItSucceedsForOthersUsesAnAttempt() {
        let bench = Bench()
        bench.accept(.sample())
        var rounds = 0
        while bench.endings.isEmpty, rounds < 20 {
            bench.fail(.cut)
            bench.succeedForOthers("readRun")
            bench.answer(.alive)
            bench.pass(60)
            rounds += 1
        }
        #expect(rounds == 6)
        #expect(bench.endings.first?.cause?.class == .serverError)
    }

    /// An earlier outage leaves the phase at `waiting`; that must not hide that the call itself fails.
    @Test
    func attemptsCountAfterAnEarlierOutage() {
        let bench = Bench()
        bench.accept(.sample())
        bench.fail(.cut)
        bench.fail(.cut)
        bench.pass(60)
        bench.answer(.alive)
        var rounds = 0
        while bench.endings.isEmpty, rounds < 20 {
            bench.fail(.cut)
            bench.succeedForOthers("readRun")
            bench.answer(.alive)
            bench.pass(60)
            rounds += 1
        }
        #expect(rounds == 6)
        #expect(bench.endings.map(\.phase) == [.failed])
    }

    @Test(arguments: [CallFailure.Kind.rateLimited, .forbidden])
    func aProbeThatIsAnsweredShowsThatTheComponentIsUp(kind: CallFailure.Kind) {
        let bench = Bench()
        bench.accept(.sample())
        bench.fail(.cut)
        bench.fail(CallFailure(kind, message: "no", httpStatus: 403))
        #expect(bench.outages.isEmpty)
        bench.pass(60)
        #expect(bench.calls.first?.isNamed("readRun") == true)
    }

    @Test
    func anUnauthorizedKeyIsAnOutage() {
        let bench = Bench()
        bench.accept(.sample())
        let refusal = CallFailure(.unauthorized, message: "who are you", httpStatus: 401)
        bench.fail(refusal)
        bench.fail(refusal)
        #expect(bench.outages.map { $0?.class } == [.unauthorized])
        #expect(bench.coordinator.outageCauses.map(\.component) == [.workbench])
    }

    /// Looks and reads are always answered by a component that works, so any of these raises a suspicion.
    @Test(arguments: [CallFailure.Kind.notFound, .serverError, .unavailable])
    func aRegistryThatAnswersNothingIsAnOutage(kind: CallFailure.Kind) {
        let bench = Bench()
        bench.accept(.sample(replay: Replay(id: "again", reason: "test")))
        bench.answerAll(until: { $0.isNamed("findVersion") })
        let failure = CallFailure(kind, message: "no registry", httpStatus: 500)
        bench.fail(failure)
        #expect(bench.calls == [.probe(.registry, nil)])
        for _ in 0..<20 {
            bench.fail(failure)
            bench.pass(60)
        }
        #expect(bench.outages.map { $0?.class } == [.unavailable])
        #expect(bench.coordinator.outageCauses.map(\.component) == [.registry])
        #expect(bench.endings == [])
        bench.answer(.alive)
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed])
    }

    @Test
    func aVersionThatStaysGoneFailsWhereTheRegistryAnswers() {
        let bench = Bench()
        bench.accept(.sample())
        bench.answerAll(until: { $0.isNamed("registerVersion") })
        bench.answer(.version(.sample(.underWay("registering"))))
        bench.pass(20)
        bench.stayMissing(CallFailure(.notFound, message: "no such version", httpStatus: 404))
        #expect(bench.endings.map { $0.cause?.class } == [.notFound])
    }

    @Test
    func whatIsWrongWithTheWorkbenchIsKnownBeforeAnyRolloutNeedsIt() {
        let bench = Bench()
        bench.coordinator.begin(now: bench.now)
        bench.accept(.sample())
        #expect(bench.calls == [.probe(.workbench, nil)])
        bench.fail(.cut)
        #expect(bench.outages.map { $0?.class } == [.unavailable])
        #expect(bench.records.last?.rollout.phase == .waiting)
        bench.pass(60)
        bench.answer(.alive)
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed])
    }

    @Test
    func aWorkbenchThatAnswersAtTheStartHoldsNothing() {
        let bench = Bench()
        bench.coordinator.begin(now: bench.now)
        bench.accept(.sample())
        bench.answer(.alive)
        #expect(bench.outages.isEmpty)
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed])
    }

    @Test
    func theWayBackBeginsWithTwoCalls() {
        let bench = Bench()
        for number in 1...10 { bench.accept(.sample(number, plan: .sample(run: "r\(number)", model: "m\(number)"))) }
        for _ in 1...11 { bench.fail(.cut) }
        bench.pass(60)
        bench.answer(.alive)
        #expect(bench.calls.count == 2)
    }
}

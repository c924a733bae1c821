// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// Where a route has a sample request, the model's answer to it decides how a rollout ends.
struct VerificationTests {
    /// A bench whose rollout's deployment is up, and whose next call is the sample request.
    private func verifying() -> Bench {
        let bench = Bench()
        bench.accept(.sample(plan: .sample(verification: Verification(request: "[1]", expect: "[2]"))))
        bench.answerAll { $0.isNamed("verify") }
        return bench
    }

    @Test
    func nothingIsDeployedBeforeItsModelHasAnswered() {
        let bench = self.verifying()
        let sample = Verification(request: "[1]", expect: "[2]")
        #expect(bench.calls == [.verify(projectID: "project", modelID: "m", sample)])
        #expect(bench.endings == [])
        bench.answer(.verification(.passed))
        // Once: how the service answers a probe is worth knowing before it is away.
        #expect(bench.calls == [.probe(.modelService, nil)])
        #expect(bench.endings.map(\.phase) == [.deployed])
        #expect(bench.endings.first?.cause == nil)
    }

    @Test
    func aWrongAnswerFails() {
        let bench = self.verifying()
        bench.answer(.verification(.wrong("it differs")))
        bench.answer(.alive)
        #expect(bench.calls == [])
        #expect(bench.endings.map(\.phase) == [.failed])
        #expect(bench.endings.first?.cause == Cause(.verification, "it differs"))
        #expect(bench.coordinator.unfinishedCount == 0)
    }

    @Test
    func aModelThatAnswersLateIsDeployed() {
        let bench = self.verifying()
        for _ in 0..<3 {
            bench.answer(.verification(.notYet("it starts")))
            bench.answer(.alive)
            #expect(bench.calls == [], "it is asked again after a while, not at once")
            bench.pass(20)
            #expect(bench.calls.map { $0.isNamed("verify") } == [true])
        }
        // The status that says so is published while it is asked.
        #expect(bench.records.last { $0.publishes }?.rollout.phase == .verifying)
        bench.answer(.verification(.passed))
        #expect(bench.endings.map(\.phase) == [.deployed])
    }

    @Test
    func aModelThatDoesNotAnswerFailsAtTheStepsDeadline() {
        let bench = self.verifying()
        let begin = bench.now.monotonic
        for _ in 0..<100 where bench.endings.isEmpty {
            bench.answer(.verification(.notYet("it starts")), to: { $0.isNamed("verify") })
            bench.answer(.alive, to: { $0.isNamed("probe") })
            bench.pass(5)
        }
        #expect(bench.endings.map(\.phase) == [.failed])
        #expect(bench.endings.first?.cause == Cause(.verification, "it starts (for 120 s)"))
        #expect(bench.now.monotonic - begin >= seconds(120))
        #expect(bench.now.monotonic - begin < seconds(150))
    }

    private static let noAnswer = CallResult.verification(.away("502"))
    static let refusal = CallFailure(.inBetween, message: "a page", httpStatus: 404)

    @Test("a service that answers nobody takes nothing from a check's time")
    func theServiceIsAway() {
        let bench = self.verifying()
        bench.answer(Self.noAnswer)
        #expect(bench.calls == [.probe(.modelService, nil)])
        for _ in 0..<50 {
            bench.fail(.cut)
            bench.pass(60)
        }
        #expect(bench.endings == [])
        #expect(bench.records.last { $0.publishes }?.rollout.phase == .waiting)
        #expect(bench.coordinator.outageCauses.map(\.component) == [.modelService])
        bench.answer(.alive)
        bench.answer(.verification(.passed))
        #expect(bench.endings.map(\.phase) == [.deployed])
    }

    @Test("a model that does not answer, of a service that does, fails at the step's deadline")
    func theModelIsAway() {
        let bench = self.verifying()
        for _ in 0..<100 where bench.endings.isEmpty {
            bench.answer(Self.noAnswer)
            bench.answer(.alive)
            bench.pass(5)
        }
        #expect(bench.endings.map(\.phase) == [.failed])
        #expect(bench.endings.first?.cause == Cause(.verification, "502 (for 120 s)"))
    }

    @Test("where models are checked, their service is asked at the start, too", arguments: [true, false])
    func atTheStart(checks: Bool) {
        let bench = Bench(policy: Coordinator.Policy(checksModels: checks))
        bench.coordinator.begin(now: bench.now)
        #expect(bench.calls == [.probe(.workbench, nil)] + (checks ? [.probe(.modelService, nil)] : []))
    }

    @Test(
        "how a service answers a probe proves nothing before it has been seen to answer one",
        arguments: [true, false],
        [refusal, CallFailure(.unavailable, message: "503", httpStatus: 503)]
    )
    func aPageMayBeTheServicesAnswer(isKnown: Bool, answer: CallFailure) {
        let bench = self.verifying()
        if isKnown {
            bench.answer(.verification(.notYet("it starts")))
            bench.answer(.alive)
            bench.pass(20)
        }
        bench.answer(Self.noAnswer)
        bench.fail(answer)
        #expect(bench.coordinator.outageCauses.map(\.component) == (isKnown ? [.modelService] : []))
    }
}

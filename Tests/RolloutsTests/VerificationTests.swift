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
        #expect(bench.calls == [])
        #expect(bench.endings.map(\.phase) == [.deployed])
        #expect(bench.endings.first?.cause == nil)
    }

    @Test
    func aWrongAnswerFails() {
        let bench = self.verifying()
        bench.answer(.verification(.wrong("it differs")))
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
            bench.answer(.verification(.notYet("it starts")))
            bench.pass(5)
        }
        #expect(bench.endings.map(\.phase) == [.failed])
        #expect(bench.endings.first?.cause == Cause(.verification, "it starts (for 120 s)"))
        #expect(bench.now.monotonic - begin >= seconds(120))
        #expect(bench.now.monotonic - begin < seconds(150))
    }
}

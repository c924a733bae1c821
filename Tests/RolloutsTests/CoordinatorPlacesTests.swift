// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// Creating calls between their intent's commit and a free slot.
struct CoordinatorPlacesTests {
    /// One slot, taken by a look of the second rollout, which is a replay; the first one's intent to register is committed.
    private func cleared() -> Bench {
        let bench = Bench(policy: Coordinator.Policy(maximumConcurrentCalls: 1))
        bench.holdsCommits = true
        bench.accept(.sample(1, plan: .sample(run: "r1", model: "m1")))
        let replay = Replay(id: "again", reason: "test")
        bench.accept(.sample(2, plan: .sample(run: "r2", model: "m2"), replay: replay))
        for number in 1...2 { bench.answer(.run(.sample(number))) }
        bench.commit()
        return bench
    }

    @Test func anIntentIsCommittedWithoutASlotAndItsCallGoesFirst() {
        let bench = self.cleared()
        #expect(bench.calls.map { $0.isNamed("findVersion") } == [true])
        #expect(bench.records.map(\.rollout.intent) == [.version])
        #expect(bench.coordinator.budget.reserved == 1)
        bench.answer(.version(nil))
        #expect(bench.calls.map { $0.isNamed("registerVersion") } == [true])
        #expect(bench.coordinator.budget.inUse == 1)
    }

    @Test func anIntentThatGrewOldMeanwhileIsWrittenAnew() {
        let bench = self.cleared()
        bench.pass(6)
        bench.answer(.version(nil))
        #expect(bench.calls == [])
        #expect(bench.records.count { $0.rollout.id == RolloutID(1) && $0.rollout.intent == .version } == 2)
        bench.commit()
        #expect(bench.calls.map { $0.isNamed("registerVersion") } == [true])
    }

    @Test func stoppingTakesTheIntentBack() {
        let bench = self.cleared()
        bench.coordinator.stop()
        #expect(bench.calls.count == 1)
        #expect(bench.records.last?.rollout.id == RolloutID(1))
        #expect(bench.records.last?.rollout.intent == .none)
        #expect(bench.coordinator.budget.reserved == 0)
        bench.answer(.version(nil))
        #expect(bench.calls == [])
    }

    @Test func anOutageTakesTheIntentBackAndItIsCommittedAgainAfterwards() {
        let bench = self.cleared()
        bench.fail(CallFailure(.unavailable, message: "refused"))
        #expect(bench.calls.map { $0.isNamed("probe") } == [true])
        #expect(bench.records.last?.rollout.intent == .none)
        bench.answer(.alive)
        let isCalled = bench.calls.contains { $0.isCreating }
        #expect(!isCalled)
        bench.holdsCommits = false
        bench.commit()
        bench.answerAll()
        // The failure counts, since the workbench was up, so its rollout tries again after a pause.
        bench.pass(60)
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed, .deployed])
        #expect(bench.coordinator.budget.reserved == 0)
        #expect(bench.coordinator.budget.inUse == 0)
    }

    @Test func aPartitionThatIsReleasedGivesItsPlacesBack() {
        let bench = self.cleared()
        bench.coordinator.release(partition: 0)
        #expect(bench.coordinator.budget.reserved == 0)
        bench.answer(.version(nil))
        #expect(bench.calls == [])
        #expect(bench.coordinator.budget.inUse == 0)
    }
}

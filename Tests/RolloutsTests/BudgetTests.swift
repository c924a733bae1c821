// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// Slots, rate, pause and the way back after an outage.
struct BudgetTests {
    private func taken(_ budget: inout Budget, _ seconds: Double) -> Int {
        var count = 0
        while count < 10_000, budget.take(now: at(seconds).monotonic) { count += 1 }
        return count
    }

    @Test
    func allowsSoManyCallsAtATime() {
        var budget = Budget(maximumConcurrent: 3, perSecond: 0)
        #expect(self.taken(&budget, 0) == 3)
        #expect(budget.nextChance(now: .zero) == nil)
        budget.release()
        #expect(budget.nextChance(now: .zero) == .zero)
        #expect(self.taken(&budget, 0) == 1)
        #expect(budget.inUse == 3)
    }

    @Test(arguments: [(1.0, 1), (10.0, 1), (100.0, 10), (50_000.0, 5_000)])
    func aTenthOfASecondsWorthMayComeAtOnce(perSecond: Double, burst: Int) {
        var budget = Budget(maximumConcurrent: 10_000, perSecond: perSecond)
        #expect(self.taken(&budget, 0) == burst)
    }

    @Test
    func keepsTheRateOverTime() {
        var budget = Budget(maximumConcurrent: 10_000, perSecond: 100)
        var count = 0
        for step in 0..<1_000 { count += self.taken(&budget, Double(step) / 100) }
        #expect((1_000...1_010).contains(count))
    }

    @Test
    func saysWhenTheNextCallMayBeMade() throws {
        var budget = Budget(maximumConcurrent: 100, perSecond: 4)
        #expect(self.taken(&budget, 0) == 1)
        let next = try #require(budget.nextChance(now: .zero))
        #expect(next == at(0.25).monotonic)
        let before = budget.take(now: next - Span(nanoseconds: 1))
        let then = budget.take(now: next)
        #expect(!before && then)
    }

    @Test
    func aPauseHoldsEverythingAndTheLongerOneCounts() {
        var budget = Budget(maximumConcurrent: 2, perSecond: 0)
        budget.pause(until: at(10).monotonic, now: at(0).monotonic)
        budget.pause(until: at(5).monotonic, now: at(0).monotonic)
        #expect(self.taken(&budget, 9.9) == 0)
        #expect(budget.nextChance(now: .zero) == at(10).monotonic)
        #expect(self.taken(&budget, 10) == 2)
    }

    @Test
    func theWayBackAllowsOneMoreWithEachSuccess() {
        var budget = Budget(maximumConcurrent: 5, perSecond: 0)
        budget.rampUp()
        #expect(self.taken(&budget, 0) == 2)
        for allowed in 3...7 {
            budget.succeeded()
            #expect(self.taken(&budget, 0) == (allowed <= 5 ? 1 : 0))
        }
        #expect(budget.inUse == 5)
    }

    @Test
    func aProbeNeedsNoFreeSlot() {
        var budget = Budget(maximumConcurrent: 1, perSecond: 0)
        #expect(self.taken(&budget, 0) == 1)
        budget.takeForProbe()
        #expect(budget.inUse == 2)
        budget.release()
        #expect(self.taken(&budget, 0) == 0)
        budget.release()
        #expect(self.taken(&budget, 0) == 1)
    }

    @Test
    func neverAllowsLessThanOneCall() {
        var budget = Budget(maximumConcurrent: 0, perSecond: 0)
        #expect(self.taken(&budget, 0) == 1)
    }

    @Test
    func creatingCallsTakeAPlaceFirstAndASlotLater() {
        var budget = Budget(maximumConcurrent: 2, perSecond: 0)
        var places = 0
        while budget.reserve(now: .zero) { places += 1 }
        #expect(places == 8)
        #expect(budget.nextChance(now: .zero, isCreating: true) == nil)
        #expect(budget.nextChance(now: .zero) == .zero)
        #expect(self.taken(&budget, 0) == 2)
        let early = budget.takeReserved()
        budget.release()
        let late = budget.takeReserved()
        #expect(!early && late)
        #expect(budget.inUse == 2)
        #expect(budget.reserved == 7)
        budget.withdraw()
        #expect(budget.nextChance(now: .zero, isCreating: true) == .zero)
    }

    @Test
    func aPlaceCountsForTheRateAndItsSlotDoesNotAgain() {
        var budget = Budget(maximumConcurrent: 10, perSecond: 10)
        let first = budget.reserve(now: .zero)
        let second = budget.reserve(now: .zero)
        let slot = budget.takeReserved()
        #expect(first && !second && slot)
        #expect(budget.nextChance(now: .zero) == at(0.1).monotonic)
        #expect(self.taken(&budget, 0.1) == 1)
    }
}

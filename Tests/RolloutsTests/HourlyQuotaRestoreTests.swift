// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// The hour of `acceptedPerHour` goes on after a restart and a hand-over: nobody gets more by making workers restart.
struct HourlyQuotaRestoreTests {
    private struct BoundedPlans: PlanDecider {
        let quotas = ["default": Route.Quota(acceptedPerHour: 3)]

        func decide(_ state: RolloutState, on place: RunPlace) -> RouteDecision { .plan(state.plan) }
    }

    /// Facts are to decide.
    private struct OpenPlans: PlanDecider {
        let quotas = ["default": Route.Quota(acceptedPerHour: 3)]

        func bounded(for state: RolloutState) -> [String] { ["default"] }

        func decide(_ state: RolloutState, on place: RunPlace) -> RouteDecision {
            var plan = state.plan
            plan.route = "default"
            return .plan(plan)
        }
    }

    private let writer = JournalRecord.Writer(process: "w", generation: 1)

    /// A rollout that was accepted, and has ended a minute later.
    private func ended(_ number: Int, accepted: Double, route: String = "default") -> (JournalRecord, Timestamp) {
        var plan = RolloutPlan.sample()
        plan.route = route
        var state = RolloutState.sample(number, plan: plan, acceptedAt: at(accepted))
        state.enter(.failed, at: at(accepted + 60).wall, cause: Cause(.invalid, "no"))
        state.step = .finished
        return (JournalRecord(state, writer: self.writer), state.phaseAt)
    }

    /// What the next owner makes of the journal at that moment.
    private func isFull(_ records: [(JournalRecord, Timestamp)], at moment: Now) -> Bool {
        var snapshot = JournalSnapshot(now: moment.wall, hourlyRoutes: BoundedPlans().hourlyRoutes)
        for (record, time) in records { record.add(to: &snapshot, time: time) }
        var coordinator = Coordinator(policy: Coordinator.Policy(), plans: BoundedPlans(), seed: 1)
        coordinator.restore(partition: 0, snapshot.restored(), now: moment)
        return coordinator.isFull(route: "default", now: moment.wall)
    }

    @Test func whatHasEndedWithinTheHourCountsForTheNextOwner() {
        let records = (1...3).map { self.ended($0, accepted: Double($0) * 100) }
        #expect(self.isFull(records, at: at(1_000)))
        #expect(!self.isFull(Array(records[..<2]), at: at(1_000)))
    }

    /// Acceptances of the partition are dated behind it until it is reached.
    @Test func whatAClockWroteThatWasAheadCountsForAnHourLikeAllElse() {
        let ahead = 36_000.0
        let records = (1...3).map { self.ended($0, accepted: ahead + Double($0)) }
        var snapshot = JournalSnapshot(now: at(0).wall, hourlyRoutes: BoundedPlans().hourlyRoutes)
        for (record, time) in records { record.add(to: &snapshot, time: time) }
        var coordinator = Coordinator(policy: Coordinator.Policy(), plans: BoundedPlans(), seed: 1)
        coordinator.restore(partition: 0, snapshot.restored(), now: at(0))
        let isFull = [60.0, 3_600 + 61].map { coordinator.isFull(route: "default", now: at($0).wall) }
        #expect(isFull == [true, false])
    }

    @Test func whatWasAcceptedBeforeTheHourCountsNoLonger() {
        let records = (1...3).map { self.ended($0, accepted: Double($0) * 100) }
        // The first has ended within the hour, and was accepted before it.
        #expect(!self.isFull(records, at: at(3_600 + 110)))
    }

    @Test func othersOfTheRouteAloneCountAndEachOnce() {
        let (first, second) = (self.ended(1, accepted: 100), self.ended(2, accepted: 200))
        #expect(!self.isFull([first, second, second, self.ended(3, accepted: 300, route: "other")], at: at(1_000)))
    }

    /// Facts have chosen its route, and then its run was none to deploy.
    @Test func whatFactsHaveEndedCountsForTheRouteThatTheyChose() {
        let bench = Bench(plans: OpenPlans())
        for number in 1...3 {
            var plan = RolloutPlan.sample(run: "r\(number)", model: "m\(number)")
            plan.route = ""
            bench.accept(.sample(number, plan: plan, acceptedAt: bench.now))
            bench.answerAll { $0.isNamed("readRun") }
            var facts = RunFacts.sample(number)
            facts.status = .killed
            bench.answer(.run(facts))
        }
        let ended = bench.endings
        #expect(ended.map(\.phase) == [.skipped, .skipped, .skipped])
        #expect(ended.map(\.plan.route) == ["default", "default", "default"])
        #expect(self.isFull(ended.map { (JournalRecord($0, writer: self.writer), $0.phaseAt) }, at: at(1_000)))
    }

    @Test func whatIntakeHasEndedByItselfCountsForNobody() {
        var state = RolloutState.sample(3, acceptedAt: at(300))
        state.endAtIntake(.skipped, Cause(.noRoute, "none"))
        let skipped = (JournalRecord(state, writer: self.writer), state.phaseAt)
        #expect(!self.isFull([self.ended(1, accepted: 100), self.ended(2, accepted: 200), skipped], at: at(1_000)))
    }

    @Test func whatIsStillToBeSweptCounts() {
        var state = RolloutState.sample(3, acceptedAt: at(300))
        state.enter(.failed, at: at(400).wall, cause: Cause(.invalid, "no"))
        state.step = .finished
        state.doubt(.build)
        let unswept = (JournalRecord(state, writer: self.writer), state.phaseAt)
        #expect(self.isFull([self.ended(1, accepted: 100), self.ended(2, accepted: 200), unswept], at: at(1_000)))
    }

    @Test func whatBelongsToAnotherOwnerNowCountsThere() {
        var snapshot = JournalSnapshot(now: at(1_000).wall, hourlyRoutes: BoundedPlans().hourlyRoutes)
        for (record, time) in (1...3).map({ self.ended($0, accepted: 100) }) { record.add(to: &snapshot, time: time) }
        var coordinator = Coordinator(policy: Coordinator.Policy(inboxPartitions: 2), plans: BoundedPlans(), seed: 1)
        coordinator.restore(partition: 0, snapshot.restored(), now: at(1_000))
        coordinator.restore(partition: 1, Coordinator.Restored(), now: at(1_000))
        let isFull = coordinator.isFull(route: "default", now: at(1_000).wall)
        coordinator.release(partition: 0)
        let isFullWithout = coordinator.isFull(route: "default", now: at(1_000).wall)
        // It comes back with the partition.
        coordinator.restore(partition: 0, snapshot.restored(), now: at(1_000))
        let isFullAgain = coordinator.isFull(route: "default", now: at(1_000).wall)
        #expect([isFull, isFullWithout, isFullAgain] == [true, false, true])
    }
}

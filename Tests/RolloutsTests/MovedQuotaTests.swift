// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// A rollout that moves to the partition of its model counts for an hour once, where it goes on.
struct MovedQuotaTests {
    private struct BoundedPlans: PlanDecider {
        let quotas = ["default": Route.Quota(acceptedPerHour: 16)]
        func decide(_ state: RolloutState, on place: RunPlace) -> RouteDecision { .plan(state.plan) }
    }
    private static let count = 8
    private static let owner = Ownership.owner(of: "m-r1", count: count)
    private static let other = Partition(rawValue: (owner.rawValue + 1) % 8)

    private func pending(_ partition: Partition) -> RolloutState {
        var plan = RolloutPlan.sample(run: nil, model: "")
        plan.route = "default"
        plan.naming = PendingName(template: "m-{runId}", subject: nil)
        return .sample(1, partition: partition, plan: plan)
    }

    private func bench(holds partitions: [Partition]) -> Bench {
        Bench(policy: Coordinator.Policy(inboxPartitions: Self.count), holds: partitions, plans: BoundedPlans())
    }

    /// One worker holds both; the partition that it moved from goes to somebody else.
    @Test func whatHasMovedCountsWhereItGoesOn() throws {
        let bench = self.bench(holds: [Self.owner, Self.other])
        bench.holdsCommits = true
        bench.accept(self.pending(Self.other))
        bench.answer(.run(.sample(1)))
        var state = try #require(bench.moves.first).rollout
        state.partition = Self.owner
        bench.moveIn(state)
        bench.holdsCommits = false
        bench.commit()
        bench.answerAll()
        let now = bench.now.wall
        let before = bench.coordinator.hourCounts.count(ofRoute: "default", now: now)
        bench.coordinator.release(partition: Self.other)
        let after = bench.coordinator.hourCounts.count(ofRoute: "default", now: now)
        #expect(before == 1)
        #expect(after == 1)
    }

    /// Two workers: the one that it moved from counts it for an hour, and the other one as well.
    @Test func whatHasMovedCountsOnce() throws {
        let first = self.bench(holds: [Self.other])
        first.accept(self.pending(Self.other))
        first.answer(.run(.sample(1)))
        var state = try #require(first.moves.first).rollout
        state.partition = Self.owner
        let second = self.bench(holds: [Self.owner])
        second.moveIn(state)
        second.answerAll()
        let counts = [first, second].map { $0.coordinator.hourCounts.count(ofRoute: "default", now: $0.now.wall) }
        #expect(counts.reduce(0, +) == 1)
    }
}

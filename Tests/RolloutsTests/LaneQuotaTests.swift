// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// What operators ask for is never held back by a quota, and so nothing that it stands behind is.
struct LaneQuotaTests {
    private struct Plans: PlanDecider {
        let quotas: [String: Route.Quota]

        func decide(_ state: RolloutState, on place: RunPlace) -> RouteDecision { .plan(state.plan) }
    }

    private func bench(_ quota: Route.Quota) -> Bench { Bench(plans: Plans(quotas: ["default": quota])) }

    private func state(_ number: Int, run: Int, model: String = "model", replay: Replay? = nil) -> RolloutState {
        .sample(number, plan: .sample(run: "r\(run)", model: model), replay: replay, acceptedAt: at(Double(number)))
    }

    private func waits(_ bench: Bench, _ number: Int) -> Bool {
        bench.rollout(number).map { $0.state.phase == .waiting && $0.state.cause?.class == .quota } ?? false
    }

    private static let replays = [
        Replay(id: "back", reason: "the newest one is bad", allowsRollback: true),
        Replay(id: "again", reason: "the host was replaced"),
    ]

    @Test("a model's rollback is not held up by an hour that is used up", arguments: replays)
    func hour(replay: Replay) {
        let bench = self.bench(Route.Quota(perModelPerHour: 1))
        bench.accept(self.state(1, run: 2))
        bench.answerAll()
        bench.pass(10)
        bench.accept(self.state(3, run: 3))
        bench.answerAll()
        #expect(self.waits(bench, 3))
        bench.pass(10)
        bench.accept(self.state(4, run: replay.allowsRollback ? 2 : 4, replay: replay))
        bench.answerAll()
        #expect(bench.rollout(3) == nil && bench.rollout(4) == nil)
        #expect(bench.endings.last?.replay == replay && bench.endings.last?.phase == .deployed)
    }

    /// Models by the thousand whose rollouts fail leave nothing behind.
    @Test("a lane that only counts an hour's beginnings is forgotten with them")
    func forgotten() {
        let bench = self.bench(Route.Quota(perModelPerHour: 2))
        for number in 1...5 {
            bench.accept(self.state(number, run: 1, model: "m\(number % 3)"))
            bench.answerAll { $0.isNamed("readBuild") || $0.isNamed("createBuild") }
            bench.answer(.build(BuildFacts(buildID: "b", progress: .failed("broken"))))
            bench.pass(60)
        }
        #expect(bench.endings.count == 5 && bench.endings.allSatisfy { $0.phase == .failed })
        #expect(bench.coordinator.lanes[0]?.count == 3)
        bench.pass(3_600 - 5 * 60)
        #expect(bench.coordinator.lanes[0]?.count == 3)
        bench.pass(120)
        #expect(bench.coordinator.lanes[0]?.count == 2, "the one rollout of 'm0' began an hour ago")
        bench.pass(4 * 60)
        #expect(bench.coordinator.lanes[0]?.isEmpty == true)
    }

    /// What it waited for is over, and what it waits for now decides who goes before it.
    @Test("a rollout that waited for the workbench says that it waits for room, and holds up no operator")
    func outage() {
        let bench = self.bench(Route.Quota(perModelPerHour: 1))
        bench.accept(self.state(1, run: 2))
        bench.answerAll()
        bench.pass(300)
        bench.accept(self.state(3, run: 3))
        bench.fail(.cut)
        bench.fail(.cut)
        #expect(bench.rollout(3)?.state.cause?.class == .unavailable)
        bench.pass(60)
        bench.answer(.alive) { $0.isNamed("probe") }
        bench.answerAll()
        #expect(self.waits(bench, 3))
        #expect(bench.records.last { $0.publishes }?.rollout.cause?.class == .quota)
        bench.accept(self.state(4, run: 4, replay: Self.replays[1]))
        bench.answerAll()
        #expect(bench.rollout(3) == nil && bench.rollout(4) == nil)
    }

    @Test(
        "what was under way when its partition changed hands has begun",
        arguments: [RolloutStep.register, .build, .deploy]
    )
    func handedOver(step: RolloutStep) {
        let bench = self.bench(Route.Quota(perModelPerHour: 1))
        var first = self.state(1, run: 1)
        first.run = .sample(1)
        first.enter(.building, at: at(600).wall)
        first.step = step
        bench.pass(1_200)
        bench.restore([first])
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed])
        bench.accept(self.state(2, run: 2))
        bench.answerAll()
        #expect(self.waits(bench, 2))
        // An hour after its phase began, whatever workers have done since.
        bench.pass(600 + 3_600 - 1_200 + 1)
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed, .deployed])
    }

    @Test("nor by a route that has no room")
    func underWay() {
        let bench = self.bench(Route.Quota(underWay: 1))
        bench.accept(self.state(1, run: 1, model: "other"))
        bench.answer(.run(.sample(1))) { $0.isNamed("readRun") }
        bench.pass(1)
        bench.accept(self.state(3, run: 3))
        bench.answer(.run(.sample(3))) { $0.isNamed("readRun") }
        #expect(self.waits(bench, 3))
        bench.accept(self.state(4, run: 2, replay: Self.replays[0]))
        bench.answer(.run(.sample(2))) { $0.isNamed("readRun") }
        #expect(!self.waits(bench, 3))
    }
}

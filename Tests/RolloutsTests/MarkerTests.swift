// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// By what a rollout knows its own again (rule 15).
struct MarkerTests {
    private func comment(_ call: APICall?) -> String? {
        guard case .createBuild(let request) = call else { return nil }
        return request.comment
    }

    private func untilBuild(_ plan: RolloutPlan = .sample(), seed: UInt64 = 1) -> Bench {
        let bench = self.accepted(plan, seed: seed)
        bench.answerAll(until: { $0.isNamed("createBuild") })
        return bench
    }

    private func accepted(_ plan: RolloutPlan = .sample(), seed: UInt64 = 1) -> Bench {
        let bench = Bench(seed: seed)
        var state = RolloutState.sample(plan: plan)
        bench.coordinator.drawNonce(of: &state)
        bench.accept(state)
        return bench
    }

    @Test func aBuildsCommentBeginsWithTheMarkerAndEndsWithTheUsersText() throws {
        var plan = RolloutPlan.sample()
        plan.buildComment = "by the nightly job"
        let comment = try #require(self.comment(self.untilBuild(plan).calls.first))
        #expect(comment.hasPrefix("slipway:\(RolloutState.sample().id)."))
        #expect(comment.hasSuffix(" by the nightly job"))
    }

    @Test func nobodyCanWorkTheMarkerOutOfTheEvent() throws {
        let comments = try [1, 2].map { try #require(self.comment(self.untilBuild(seed: $0).calls.first)) }
        #expect(comments[0] != comments[1])
    }

    @Test func theJournalKnowsTheMarkerBeforeTheWorkbench() throws {
        let bench = self.accepted()
        bench.answerAll(until: { $0.isNamed("registerVersion") })
        let journalled = try #require(bench.records.last)
        guard case .registerVersion(let request) = bench.calls.first else {
            Issue.record("no registration")
            return
        }
        #expect(journalled.rollout.intent == .version)
        #expect(journalled.rollout.marker == request.marker)
        #expect(journalled.rollout.nonce != nil)
    }

    @Test func whoTakesOverLooksForTheSameMarker() throws {
        let bench = self.untilBuild()
        let comment = try #require(self.comment(bench.calls.first))
        let state = try #require(bench.records.last?.rollout)
        let next = Bench(seed: 2)
        next.restore([state])
        guard case .findBuild(_, _, let version, let marker) = next.calls.first else {
            Issue.record("no look")
            return
        }
        #expect(marker == comment)
        #expect(version == state.made.versionID)
    }
}

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
        guard case .findBuild(let look) = next.calls.first else {
            Issue.record("no look")
            return
        }
        #expect(look.marker == comment)
        #expect(look.versionID == state.made.versionID)
        #expect(look.secondKeys != nil, "the call may have been sent")
    }
}

/// What follows where a marker was not kept.
struct LostMarkerTests {
    private func uncertain() -> Bench {
        let bench = Bench()
        bench.coordinator.workbenchClockShows({ at(1_000).wall }, took: .zero, now: bench.now)
        bench.accept(.sample())
        bench.answerAll(until: { $0.isNamed("createBuild") })
        bench.fail(.failedSomehow)
        bench.answer(.alive)
        bench.pass(1)
        return bench
    }

    @Test func aLookGoesByTheWorkbenchsOwnClock() throws {
        let bench = self.uncertain()
        guard case .findBuild(let look) = bench.calls.first else {
            Issue.record("no look")
            return
        }
        #expect(look.secondKeys?.since == at(999).wall)
        #expect(look.runtimeIdentifier == "runtime")
    }

    @Test func aLookKnowsWhoseKeyTheWorkerHas() throws {
        let bench = Bench()
        bench.accept(.sample())
        bench.answerAll(until: { $0.isNamed("createBuild") })
        bench.answer(.build(BuildFacts(buildID: "b", progress: .ready, making: Making(user: "us"))))
        bench.answerAll()
        bench.accept(.sample(2, plan: .sample(run: "r2")))
        bench.answerAll(until: { $0.isNamed("createBuild") })
        bench.fail(.failedSomehow)
        bench.answer(.alive)
        bench.pass(1)
        guard case .findBuild(let look) = bench.calls.first else {
            Issue.record("no look")
            return
        }
        #expect(look.secondKeys?.user == "us")
    }

    @Test func whatCanNotBeToldIsNeverMadeAgain() {
        let bench = self.uncertain()
        while bench.endings.isEmpty, bench.now.monotonic < at(200).monotonic {
            #expect(bench.calls.allSatisfy { !$0.isCreating })
            bench.answer(.unclear("an earlier call may have made build b9"))
            bench.pass(1)
        }
        #expect(bench.endings.map(\.phase) == [.failed])
        #expect(bench.endings.first?.cause?.class == .outcomeUnknown)
        #expect(bench.endings.first?.cause?.message.contains("b9") == true)
        #expect(bench.endings.first?.needsSweep == true)
        #expect(bench.now.monotonic >= at(90).monotonic, "it may be told later")
    }

    @Test func thatMarkersAreDroppedIsToldOnce() {
        let bench = Bench()
        for (number, isKept) in [(1, false), (2, false), (3, true)] {
            bench.accept(.sample(number, plan: .sample(run: "r\(number)")))
            bench.answerAll(until: { $0.isNamed("createBuild") })
            let making = Making(keepsMarker: isKept)
            bench.answer(.build(BuildFacts(buildID: "b\(number)", progress: .ready, making: making)))
            bench.answerAll()
        }
        #expect(bench.markers.map(\.areKept) == [false, true])
        #expect(bench.markers.map(\.step) == [.build, .build])
    }

    /// No journal takes such a time back.
    @Test(
        "a date that nobody's clock shows is none",
        arguments: [Timestamp.earliest, .epoch, Timestamp(millisecondsSinceEpoch: 253_402_300_799_000)]
    )
    func impossibleDate(shown: Timestamp) {
        let bench = Bench()
        bench.coordinator.workbenchClockShows({ shown }, took: .zero, now: bench.now)
        #expect(bench.coordinator.workbenchClock.time(bench.now) == bench.now.wall)
    }
}

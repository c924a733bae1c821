// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// Rule 23: what stands still is named.
struct StandstillTests {
    private static let page = CallFailure(.inBetween, message: "no", httpStatus: 403)

    private func standing(_ bench: Bench) -> [Standstill] {
        bench.coordinator.standstills(now: bench.now.monotonic).keys.sorted { $0.rawValue < $1.rawValue }
    }

    /// Lets all creating calls fail, and answers the probes.
    private func failAll(_ bench: Bench) {
        while let call = bench.calls.first {
            if call.isNamed("probe") { bench.answer(.alive) } else { bench.fail(Self.page) }
        }
    }

    @Test("a pause that the workbench asks for, if it is no short one", arguments: [2, 60])
    func pause(length: Int) {
        let bench = Bench()
        bench.accept(.sample())
        bench.fail(CallFailure(.rateLimited, message: "busy", httpStatus: 429, retryAfter: .seconds(Int64(length))))
        #expect(self.standing(bench) == (length > 10 ? [.pause] : []))
        let wake = bench.coordinator.nextWake(now: bench.now.monotonic)
        #expect(wake.map { $0 <= bench.now.monotonic + .seconds(Int64(length)) } == true)
        bench.pass(Double(length) + 1)
        bench.answerAll()
        #expect(self.standing(bench) == [])
    }

    @Test("short pauses in a row are one long one, until a call succeeds")
    func pauses() {
        let bench = Bench()
        bench.accept(.sample())
        for round in 0..<20 {
            #expect(self.standing(bench) == (round >= 10 ? [.pause] : []))
            bench.fail(CallFailure(.rateLimited, message: "busy", httpStatus: 429, retryAfter: .seconds(1)))
            bench.pass(1)
        }
        bench.answer(.run(.sample(1)))
        #expect(self.standing(bench) == [])
    }

    @Test("commits that take longer than an intent is valid, until a creating call is made")
    func intents() {
        let bench = Bench()
        bench.accept(.sample())
        bench.answerAll(until: { $0.isNamed("registerVersion") || $0.isNamed("findVersion") })
        bench.holdsCommits = true
        bench.answerAll(until: { $0.isNamed("createModel") })
        for round in 1...4 {
            #expect(self.standing(bench) == (round > 3 ? [.intents] : []))
            let began = bench.now.monotonic
            bench.pass(6)
            bench.commit(began: began)
        }
        #expect(self.standing(bench) == [.intents])
        #expect(bench.coordinator.standstills(now: bench.now.monotonic)[.intents]?.contains("5000 ms") == true)
        bench.commit()
        bench.holdsCommits = false
        bench.answerAll()
        #expect(self.standing(bench) == [])
    }

    /// Found by seed 115: the last rollout that circled was moved away, and readiness stayed red.
    @Test("commits are forgiven once nobody tries any more")
    func forgiven() {
        let bench = Bench()
        bench.accept(.sample())
        bench.holdsCommits = true
        bench.answerAll()
        for _ in 1...5 {
            let began = bench.now.monotonic
            bench.pass(6)
            bench.commit(began: began)
        }
        #expect(self.standing(bench) == [.intents])
        bench.coordinator.release(partition: 0)
        let wake = bench.coordinator.nextWake(now: bench.now.monotonic)
        #expect(wake.map { $0 <= bench.now.monotonic + .seconds(60) } == true)
        bench.pass(61)
        #expect(self.standing(bench) == [])
    }

    @Test("a call that fails for everybody, once that has lasted")
    func calls() {
        let bench = Bench()
        for number in 1...2 {
            bench.accept(.sample(number, plan: .sample(run: "r\(number)", model: "model-\(number)")))
        }
        bench.answerAll(leaving: { $0.isNamed("createModel") })
        self.failAll(bench)
        #expect(self.standing(bench) == [])
        for _ in 0..<5 {
            bench.pass(31)
            self.failAll(bench)
            #expect(self.standing(bench) == [.calls])
        }
        let text = bench.coordinator.standstills(now: bench.now.monotonic)[.calls]
        #expect(text == "createModel fails for everybody who tries it: no")
        bench.pass(31)
        bench.answerAll()
        #expect(self.standing(bench) == [])
    }

    @Test("a call of unknown outcome that is waited out, by the rollout's own status, told once")
    func doubt() {
        let bench = Bench()
        bench.accept(.sample())
        bench.answerAll(until: { $0.isNamed("createBuild") })
        bench.fail(.cut)
        bench.answer(.alive)
        for _ in 0..<10 {
            bench.answerAll(until: { $0.isNamed("createBuild") })
            bench.pass(5)
        }
        let told = bench.records.filter(\.publishes).map(\.rollout.phase)
        #expect(told.suffix(2) == [.building, .waiting])
        #expect(bench.records.last { $0.publishes }?.rollout.cause?.class == .callInDoubt)
        for _ in 0..<10 {
            bench.answerAll()
            bench.pass(10)
        }
        #expect(bench.endings.map(\.phase) == [.deployed])
        #expect(bench.records.filter { $0.publishes && $0.rollout.phase == .waiting }.count == 1)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// Rule 11: ended rollouts are known until the dedupe horizon, and no longer.
struct HorizonTests {
    private func bench(unswept: Bool = false) -> Bench {
        let bench = Bench(policy: Coordinator.Policy(sweepAfter: .seconds(4_000), dedupeHorizon: .seconds(3_600)))
        bench.accept(.sample(1, plan: .sample(run: "r1")))
        if unswept {
            bench.answerAll { $0.isNamed("createBuild") }
            bench.fail(.cut)
            for _ in 0..<10 where bench.endings.isEmpty {
                bench.answerAll()
                bench.pass(40)
            }
        }
        bench.answerAll()
        return bench
    }

    @Test func anEndedRolloutIsForgottenAfterTheHorizon() {
        let bench = self.bench()
        #expect(bench.endings.map(\.phase) == [.deployed])
        bench.pass(3_500)
        #expect(bench.forgettings.isEmpty)
        #expect(bench.isKnown(1))
        bench.pass(1_000)
        #expect(bench.forgettings.map(\.ids) == [[RolloutID(1)]])
        #expect(!bench.isKnown(1), "its event would be a new rollout")
    }

    @Test func whatGoesOnIsNeverForgotten() {
        let bench = Bench(policy: Coordinator.Policy(dedupeHorizon: .seconds(3_600)))
        bench.accept(.sample(1, plan: .sample(run: "r1", queue: .every)))
        bench.accept(.sample(2, plan: .sample(run: "r2", queue: .every)))
        bench.pass(100_000)
        #expect(bench.forgettings.isEmpty)
    }

    @Test func whatIsStillToBeSweptIsNotForgotten() {
        let bench = self.bench(unswept: true)
        #expect(bench.endings.map(\.phase) == [.deployed])
        bench.pass(3_800)
        #expect(bench.coordinator.unsweptCount == 1)
        #expect(bench.forgettings.isEmpty)
        for _ in 1...2 {
            bench.pass(400)
            bench.answerAll()
        }
        bench.pass(1_000)
        #expect(bench.forgettings.count == 1)
    }

    @Test func aRolloutIsKnownUntilItsTombstoneIsCommitted() {
        let bench = self.bench()
        bench.holdsCommits = true
        bench.pass(5_000)
        #expect(bench.forgettings.count == 1)
        #expect(bench.isKnown(1))
        bench.pass(5_000)
        #expect(bench.forgettings.count == 1, "asked for once")
        bench.commit()
        #expect(!bench.isKnown(1))
    }

    @Test func aTombstoneMakesARestoreForget() throws {
        let writer = JournalRecord.Writer(process: "test", generation: 1)
        var state = RolloutState.sample(1, plan: .sample(run: "r1"))
        state.run = .sample(1)
        state.enter(.deployed, at: wall(1))
        var snapshot = JournalSnapshot()
        JournalRecord(state, writer: writer).add(to: &snapshot, time: wall(5_000))
        var known = snapshot.restored().known
        #expect(known.contains(state.id))
        #expect(known.ended(before: wall(6_000), limit: 9) == [state.id], "it ended when its last record was written")
        JournalRecord(tombstoneOf: state.id, writer: writer).add(to: &snapshot)
        known = snapshot.restored().known
        #expect(!known.contains(state.id))
        #expect(known.count == 0)
    }
}

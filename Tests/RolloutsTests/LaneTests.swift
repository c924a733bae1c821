// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// One model at a time, the newest run wins.
struct LaneTests {
    /// Who runs, in order, when all enter while the first one runs, and each passes its gates.
    private func served(_ visitors: [Lane.Waiting]) -> [Int] {
        var lane = Lane()
        for visitor in visitors { _ = lane.enter(visitor) }
        var served: [Int] = []
        while let head = lane.head, let visitor = visitors.first(where: { $0.id == head }) {
            served.append(Int(head.low))
            if !visitor.allowsRollback { _ = lane.supersede(olderThan: visitor.order) }
            _ = lane.leave(head)
        }
        return served
    }

    private func numbers(_ lane: Lane) -> [Int] { lane.waiting.map { Int($0.id.low) } }

    @Test
    func latestServesTheNewestFirst() {
        var lane = Lane()
        #expect(lane.enter(.sample(1, run: 1)) == .head)
        for number in [2, 4, 3] { #expect(lane.enter(.sample(number, run: number)) == .queued(superseding: nil)) }
        #expect(self.numbers(lane) == [4, 3, 2])
        // It ends, whatever its end: the next newest follows, and takes those with it that are older once it has passed.
        #expect(lane.leave(RolloutID(1)) == RolloutID(4))
        #expect(lane.leave(RolloutID(4)) == RolloutID(3))
        #expect(lane.supersede(olderThan: RunFacts.sample(3).order) == [RolloutID(2)])
        #expect(lane.leave(RolloutID(3)) == nil)
    }

    @Test
    func everyServesAllOldestFirst() {
        let visitors = [5, 3, 9, 1, 7].map { Lane.Waiting.sample($0, run: $0, mode: .every) }
        #expect(self.served(visitors) == [5, 1, 3, 7, 9])
    }

    @Test
    func aNewerRunSupersedesOnlyThoseThatWantOnlyTheLatest() {
        let visitors: [Lane.Waiting] = [
            .sample(1, run: 1), .sample(2, run: 2, mode: .every), .sample(3, run: 3), .sample(4, run: 4),
        ]
        #expect(self.served(visitors) == [1, 2, 4])
    }

    @Test
    func aReplayOfTheSameRunStandsBehindIt() {
        #expect(self.served([.sample(1, run: 1), .sample(2, run: 2), .sample(3, run: 2)]) == [1, 2, 3])
        #expect(self.served([.sample(1, run: 1), .sample(3, run: 2), .sample(2, run: 2)]) == [1, 2, 3])
    }

    @Test(arguments: [1, 50, 100])
    func ofTooManyCandidatesTheOldestEnds(rollback: Int) {
        var lane = Lane()
        _ = lane.enter(.sample(0, run: 0))
        _ = lane.enter(.sample(1_000, run: 1, allowsRollback: true, accepted: rollback))
        for number in 2...(Lane.candidateLimit + 1) {
            #expect(lane.enter(.sample(number, run: number)) == .queued(superseding: nil))
        }
        #expect(lane.enter(.sample(200, run: 200)) == .queued(superseding: RolloutID(2)))
        #expect(lane.enter(.sample(201, run: 1)) == .superseded(by: RunFacts.sample(200).order))
        #expect(lane.waiting.count == Lane.candidateLimit + 1)
    }

    // MARK: Rollbacks

    @Test
    func aRollbackRunsInItsPlaceAndSupersedesNothing() {
        #expect(
            self.served([.sample(1, run: 5), .sample(2, run: 6), .sample(3, run: 1, allowsRollback: true)]) == [
                1, 2, 3,
            ]
        )
    }

    @Test
    func whatWasAcceptedAfterARollbackRunsAfterItHoweverTheyCome() {
        let visitors: [Lane.Waiting] = [
            .sample(2, run: 6, mode: .every), .sample(3, run: 1, allowsRollback: true),
            .sample(4, run: 2, mode: .every), .sample(5, run: 7), .sample(6, run: 3, allowsRollback: true),
            .sample(7, run: 9, mode: .every),
        ]
        for seed in 0..<50 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let others = visitors.shuffled(using: &random)
            #expect(self.served([.sample(1, run: 5)] + others) == [1, 2, 3, 4, 5, 6, 7], "seed \(seed)")
        }
    }

    @Test
    func rollbacksOfOneMomentGoByTheirIDs() {
        let first = Lane.Waiting.sample(2, run: 2, allowsRollback: true, accepted: 9)
        let second = Lane.Waiting.sample(3, run: 1, allowsRollback: true, accepted: 9)
        #expect(self.served([.sample(1, run: 5), second, first]) == [1, 2, 3])
    }

    private func lane(deploying runs: [Int]) -> Lane {
        var lane = Lane()
        for (index, run) in runs.enumerated() {
            lane.deployed(.sample(run), by: Acceptance(at: wall(Int64(index)), id: RolloutID(run)))
        }
        return lane
    }

    /// It asserted that the newest run itself may come back: then each bulk replay would undo a rollback.
    @Test
    func afterARollbackOnlyRunsNewerThanEveryOneEverDeployedDisplaceIt() {
        var lane = self.lane(deploying: [5, 2])
        let newest = RunFacts.sample(5).order
        #expect(lane.live == .sample(2))
        #expect(lane.newer(than: RunFacts.sample(4).order) == newest)
        #expect(lane.newer(than: newest) == newest)
        #expect(lane.newer(than: RunFacts.sample(6).order) == nil)
        // What may have come up since stands in the way of older ones; it may be tried again itself.
        lane.mayBeDeployed(RunFacts.sample(6).order)
        #expect(lane.newer(than: newest) == RunFacts.sample(6).order)
        #expect(lane.newer(than: RunFacts.sample(6).order) == nil)
    }

    @Test
    func withoutARollbackTheNewestRunMayBeDeployedAgain() {
        #expect(self.lane(deploying: [2, 5]).newer(than: RunFacts.sample(5).order) == nil)
        #expect(self.lane(deploying: [5, 2, 5]).newer(than: RunFacts.sample(5).order) == nil)
    }

    @Test
    func theNewestAcceptanceOfAllThatWereDeployedIsKept() {
        var lane = self.lane(deploying: [1, 2])
        lane.deployed(.sample(3), by: Acceptance(at: wall(0), id: RolloutID(3)))
        #expect(lane.deployed(after: Acceptance(at: wall(1), id: RolloutID(1))) == RolloutID(2))
        #expect(lane.deployed(after: Acceptance(at: wall(1), id: RolloutID(2))) == nil)
        #expect(lane.deployed(after: Acceptance(at: wall(2), id: RolloutID(1))) == nil)
    }

    @Test
    func equalStartTimesAreOrderedByRunID() {
        let older = RunOrder(start: wall(1), runID: "a9")
        let newer = RunOrder(start: wall(1), runID: "b1")
        #expect(older < newer)
        #expect(newer < RunOrder(start: wall(2), runID: "a"))
        #expect(RunOrder(start: wall(1), runID: "a") < RunOrder(start: wall(1), runID: "é"))
    }

    @Test
    func oneThatIsDroppedLeavesItsPlace() {
        var lane = Lane()
        for number in 1...4 { _ = lane.enter(.sample(number, run: number, mode: .every)) }
        #expect(lane.leave(RolloutID(3)) == nil)
        #expect(lane.leave(RolloutID(1)) == RolloutID(2))
        #expect(lane.leave(RolloutID(2)) == RolloutID(4))
        #expect(lane.leave(RolloutID(4)) == nil)
        #expect(lane.isEmpty)
    }

    /// The same rules over a plain list, of which the next one is searched from end to end.
    private struct PlainLane {
        var head: RolloutID?
        var waiting: [Lane.Waiting] = []

        mutating func enter(_ visitor: Lane.Waiting) {
            guard self.head != nil else {
                self.head = visitor.id
                return
            }
            self.waiting.append(visitor)
        }

        mutating func serve() {
            let first = self.waiting.filter(\.allowsRollback).min { $0.acceptance < $1.acceptance }
            let before = self.waiting.filter { visitor in
                !visitor.allowsRollback && first.map { visitor.acceptance < $0.acceptance } ?? true
            }
            let next =
                before.filter { $0.mode == .every }.min { ($0.order, $0.acceptance) < ($1.order, $1.acceptance) }
                ?? before.min { $0.order == $1.order ? $0.acceptance < $1.acceptance : $0.order > $1.order }
                ?? first
            self.head = next?.id
            self.waiting.removeAll { $0.id == next?.id }
        }

        mutating func supersede(olderThan order: RunOrder) {
            self.waiting.removeAll { $0.isSupersedable && $0.order < order }
        }
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func actsLikeAPlainList(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var lane = Lane()
        var plain = PlainLane()
        for number in 1...300 {
            switch Int.random(in: 0..<12, using: &random) {
            case 0, 1, 2:
                if let head = lane.head { _ = lane.leave(head) }
                plain.serve()
            case 3:
                let order = RunFacts.sample(Int.random(in: 1...200, using: &random)).order
                _ = lane.supersede(olderThan: order)
                plain.supersede(olderThan: order)
            default:
                let visitor = Lane.Waiting.sample(
                    number,
                    run: Int.random(in: 1...200, using: &random),
                    mode: Int.random(in: 0..<4, using: &random) == 0 ? .latest : .every,
                    allowsRollback: Int.random(in: 0..<12, using: &random) == 0,
                    accepted: Int.random(in: 1...100, using: &random)
                )
                _ = lane.enter(visitor)
                plain.enter(visitor)
            }
            #expect(lane.head == plain.head)
            #expect(Set(lane.waiting.map(\.id)) == Set(plain.waiting.map(\.id)))
        }
        while lane.head != nil {
            if let head = lane.head { _ = lane.leave(head) }
            plain.serve()
            #expect(lane.head == plain.head)
        }
    }
}

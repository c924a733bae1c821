// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// One model at a time, the newest run wins.
struct LaneTests {
    /// A rollout that enters: number, run, and how.
    struct Visitor: Sendable {
        var number: Int
        var run: Int
        var mode: QueueMode = .latest
        var allowsRollback = false
    }

    private func order(_ run: Int) -> RunOrder { RunFacts.sample(run).order }

    private func enter(_ lane: inout Lane, _ visitor: Visitor) -> Lane.Entry {
        lane.enter(
            RolloutID(visitor.number),
            order: self.order(visitor.run),
            mode: visitor.mode,
            allowsRollback: visitor.allowsRollback
        )
    }

    /// Who runs, in order, when all enter while the first one runs.
    private func served(_ visitors: [Visitor]) -> [Int] {
        var lane = Lane()
        for visitor in visitors { _ = self.enter(&lane, visitor) }
        var served: [Int] = []
        while let head = lane.head {
            served.append(Int(head.low))
            _ = lane.leave(head)
        }
        return served
    }

    @Test
    func latestKeepsOnlyTheNewest() {
        var lane = Lane()
        #expect(self.enter(&lane, Visitor(number: 1, run: 1)) == .head)
        #expect(self.enter(&lane, Visitor(number: 2, run: 2)) == .queued(superseding: []))
        #expect(self.enter(&lane, Visitor(number: 4, run: 4)) == .queued(superseding: [RolloutID(2)]))
        #expect(self.enter(&lane, Visitor(number: 3, run: 3)) == .superseded(by: self.order(4)))
        #expect(lane.waiting.map(\.id) == [RolloutID(4)])
    }

    @Test
    func everyServesAllOldestFirst() {
        let visitors = [5, 3, 9, 1, 7].map { Visitor(number: $0, run: $0, mode: .every) }
        #expect(self.served(visitors) == [5, 1, 3, 7, 9])
    }

    @Test
    func aNewerRunSupersedesOnlyThoseThatWantOnlyTheLatest() {
        let visitors = [
            Visitor(number: 1, run: 1), Visitor(number: 2, run: 2, mode: .every), Visitor(number: 3, run: 3),
            Visitor(number: 4, run: 4),
        ]
        #expect(self.served(visitors) == [1, 2, 4])
    }

    @Test
    func aReplayOfTheSameRunStandsBehindIt() {
        let visitors = [Visitor(number: 1, run: 1), Visitor(number: 2, run: 2), Visitor(number: 3, run: 2)]
        #expect(self.served(visitors) == [1, 2, 3])
    }

    @Test
    func aRollbackRunsInItsPlaceAndSupersedesNothing() {
        let visitors = [
            Visitor(number: 1, run: 5), Visitor(number: 2, run: 6),
            Visitor(number: 3, run: 1, allowsRollback: true),
        ]
        #expect(self.served(visitors) == [1, 2, 3])
    }

    @Test
    func whatComesAfterARollbackRunsAfterIt() {
        let visitors = [
            Visitor(number: 1, run: 5), Visitor(number: 2, run: 6, mode: .every),
            Visitor(number: 3, run: 1, allowsRollback: true), Visitor(number: 4, run: 2, mode: .every),
            Visitor(number: 5, run: 7),
        ]
        #expect(self.served(visitors) == [1, 2, 3, 4, 5])
    }

    @Test
    func theNewestEverDeployedStandsInTheWayOfOlderOnesAfterARollback() {
        var lane = Lane()
        lane.deployed(.sample(5))
        lane.deployed(.sample(2))
        #expect(lane.live == .sample(2))
        #expect(lane.newer(than: self.order(4)) == self.order(5))
        #expect(lane.newer(than: self.order(5)) == nil)
        #expect(lane.newer(than: self.order(6)) == nil)
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
        for number in 1...4 { _ = self.enter(&lane, Visitor(number: number, run: number, mode: .every)) }
        #expect(lane.leave(RolloutID(3)) == nil)
        #expect(lane.leave(RolloutID(1)) == RolloutID(2))
        #expect(lane.leave(RolloutID(2)) == RolloutID(4))
        #expect(lane.leave(RolloutID(4)) == nil)
        #expect(lane.isEmpty)
    }

    /// The same rules over a plain list that is searched from end to end.
    private struct PlainLane {
        var head: Visitor?
        var waiting: [Visitor] = []

        mutating func enter(_ visitor: Visitor) {
            guard self.head != nil else {
                self.head = visitor
                return
            }
            guard !visitor.allowsRollback else {
                self.waiting.append(visitor)
                return
            }
            let barrier = (self.waiting.lastIndex { $0.allowsRollback } ?? -1) + 1
            if visitor.mode == .latest, self.waiting[barrier...].contains(where: { $0.run > visitor.run }) { return }
            self.waiting.removeAll { $0.mode == .latest && !$0.allowsRollback && $0.run < visitor.run }
            let start = (self.waiting.lastIndex { $0.allowsRollback } ?? -1) + 1
            let place = self.waiting[start...].firstIndex { $0.run > visitor.run } ?? self.waiting.count
            self.waiting.insert(visitor, at: place)
        }
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func actsLikeAPlainList(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var lane = Lane()
        var plain = PlainLane()
        for number in 1...300 {
            if Int.random(in: 0..<5, using: &random) == 0, let head = lane.head {
                _ = lane.leave(head)
                plain.head = plain.waiting.isEmpty ? nil : plain.waiting.removeFirst()
            } else {
                let visitor = Visitor(
                    number: number,
                    run: Int.random(in: 1...200, using: &random),
                    mode: Int.random(in: 0..<4, using: &random) == 0 ? .latest : .every,
                    allowsRollback: Int.random(in: 0..<12, using: &random) == 0
                )
                _ = self.enter(&lane, visitor)
                plain.enter(visitor)
            }
            #expect(lane.head == plain.head.map { RolloutID($0.number) })
            #expect(lane.waiting.map(\.id) == plain.waiting.map { RolloutID($0.number) })
        }
    }
}

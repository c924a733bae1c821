// SPDX-License-Identifier: Apache-2.0

import CMalloc
import Testing
import Values

@testable import Rollouts

/// Work that grows with the square of what waits would not end within the time limit.
@Suite(.timeLimit(.minutes(1)))
struct CoordinatorScaleTests {
    @Test
    func manyRolloutsOfOneModelQueueAndTakeTheirTurns() {
        var lane = Lane()
        let count = 100_000
        for number in 0..<count {
            _ = lane.enter(.sample(number, run: number, mode: .every))
        }
        var served = 0
        while let head = lane.head {
            _ = lane.leave(head)
            served += 1
        }
        #expect(served == count)
    }

    @Test
    func manyRolloutsWaitAreWokenAndDropped() {
        let bench = Bench(policy: Coordinator.Policy(maximumConcurrentCalls: 8), holds: [0, 1])
        let count = 10_000
        for number in 0..<count {
            let plan = RolloutPlan.sample(run: "r\(number)", model: "m\(number)")
            bench.accept(.sample(number, partition: Partition(rawValue: Int32(number % 2)), plan: plan))
        }
        #expect(bench.calls.count == 8)
        var running = RunFacts.sample(1)
        running.status = .running
        for _ in 0..<count {
            guard case .readRun(_, _, let run)? = bench.calls.first else { break }
            running.runID = run
            bench.answer(.run(running))
        }
        #expect(bench.calls == [])
        bench.coordinator.advance(now: at(3))
        #expect(bench.calls.count == 8)
        bench.coordinator.release(partition: 0)
        #expect(bench.coordinator.unfinishedCount == count / 2)
        bench.coordinator.release(partition: 1)
        #expect(bench.coordinator.unfinishedCount == 0)
        #expect(bench.coordinator.due.count == 0)
    }

    /// What one waiting rollout holds besides its texts; two pointers more and 100,000 of them are 1.6 MB more.
    @Test
    func aRolloutStaysSmall() {
        #expect(malloc_usable_size(Unmanaged.passUnretained(Rollout(.sample())).toOpaque()) <= 616)
        #expect(MemoryLayout<RolloutPlan>.stride <= 368)
        #expect(MemoryLayout<Lane>.stride <= 96)
        #expect(TimedHeap<MonotonicTime, Coordinator.Wait>.entrySizeBytes <= 32)
    }

    @Test
    func textsAreSharedAndSayTheSame() {
        var texts = NeighbourTexts()
        var (first, second) = (RolloutState.sample(1), RolloutState.sample(2))
        second.event = EventReference(id: "2", source: "/another/source/of/events", time: nil)
        second.plan.run.projectID = nil
        let (firstBefore, secondBefore) = (first, second)
        for _ in 0..<2 {
            texts.share(with: &first)
            texts.share(with: &second)
        }
        #expect(first == firstBefore)
        #expect(second == secondBefore)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// How a quota is divided among those who each know only what they own.
struct QuotaShareTests {
    @Test(arguments: [1, 2, 5, 23, 24, 25, 100, 99_999])
    func thePartsOfAllPartitionsAreTheQuotaAndEven(quota: Int) {
        for count in [1, 3, 24, 100] {
            let parts = (0..<count).map { Coordinator.part(of: quota, partition: $0, count: count) }
            #expect(parts.reduce(0, +) == quota)
            #expect((parts.max() ?? 0) - (parts.min() ?? 0) <= 1)
        }
    }

    @Test(arguments: [1, 5, 24, 100])
    func workersExceedAQuotaByOneEachAtMost(quota: Int) {
        var random = SeededGenerator(seed: 7)
        for workers in 1...6 {
            var held = Array(repeating: [Partition](), count: workers)
            for partition in 0..<Int32(24) {
                held[Int(random.next() % UInt64(workers))].append(Partition(rawValue: partition))
            }
            let shares = held.filter { !$0.isEmpty }.map { partitions in
                let policy = Coordinator.Policy(inboxPartitions: 24)
                var coordinator = Coordinator(policy: policy, plans: AcceptedPlans(), seed: 1)
                let now = Now(monotonic: .zero, wall: .epoch)
                for partition in partitions {
                    coordinator.restore(partition: partition, Coordinator.Restored(), now: now)
                }
                return coordinator.share(of: quota)
            }
            let sum = shares.reduce(0, +)
            #expect(sum <= quota + shares.count - 1)
            #expect(sum >= quota)
            #expect(shares.allSatisfy { $0 >= 1 })
        }
    }

    @Test func anHourCountsWhatItHoldsAndEachOnce() {
        var counts = HourCounts()
        let start = Timestamp(millisecondsSinceEpoch: 1_800_000_000_000)
        for number in 0..<5 {
            let time = start.advanced(by: .seconds(number * 600))
            counts.note(RolloutID(high: 0, low: UInt64(number)), of: 0, route: "r", at: time)
        }
        counts.note(RolloutID(high: 0, low: 2), of: 0, route: "r", at: start)
        #expect(counts.count(ofRoute: "r", now: start.advanced(by: .seconds(2_400))) == 5)
        #expect(counts.oldestEnds(inRoute: "r") == start.advanced(by: .seconds(3_600)))
        #expect(counts.count(ofRoute: "r", now: start.advanced(by: .seconds(3_600))) == 4)
        #expect(counts.count(ofRoute: "other", now: start) == 0)
        // What a restore tells may be older than what came before it.
        counts.note(RolloutID(high: 0, low: 9), of: 0, route: "r", at: start.advanced(by: .seconds(300)))
        #expect(counts.count(ofRoute: "r", now: start.advanced(by: .seconds(3_700))) == 5)
        #expect(counts.count(ofRoute: "r", now: start.advanced(by: .seconds(3_901))) == 4)
    }
}

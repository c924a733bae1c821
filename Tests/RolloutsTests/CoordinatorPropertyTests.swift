// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// The coordinator in a world of faults: whatever happens, the guarantees hold.
struct CoordinatorPropertyTests {
    /// A world with several models and runs, duplicates, replays and rollbacks.
    private func world(seed: UInt64, faults: VirtualFaults, rollouts: Int = 8) -> VirtualWorld {
        var random = SeededGenerator(seed: seed &* 7919)
        var world = VirtualWorld(seed: seed, faults: faults, policy: Coordinator.Policy(inboxPartitions: 2))
        for number in 1...9 {
            let facts = RunFacts.sample(number, metrics: ["accuracy": Double(number) / 10])
            world.workbench.runs["r\(number)"] = facts
        }
        for number in 1...rollouts {
            let model = Int.random(in: 1...3, using: &random)
            let partition = Ownership.owner(of: "model-\(model)", count: 2)
            // A small range, so that events repeat runs.
            let run = Int.random(in: 1...9, using: &random)
            let plan = RolloutPlan.sample(
                run: "r\(run)",
                model: "model-\(model)",
                queue: model == 1 ? .every : .latest,
                verification: model == 2 ? Verification(request: "{}") : nil
            )
            var replay: Replay?
            if Int.random(in: 0..<4, using: &random) == 0 {
                replay = Replay(id: "replay-\(number)", reason: "test", allowsRollback: Bool.random(using: &random))
            }
            let state = RolloutState.sample(number, partition: partition, plan: plan, replay: replay)
            world.events[partition, default: []].append(state)
            if Int.random(in: 0..<5, using: &random) == 0 { world.events[partition]?.append(state) }
        }
        return world
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func guaranteesHoldUnderFaultsCrashesAndMoves(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let faults = VirtualFaults(
            chance: Double.random(in: 0...0.3, using: &random),
            until: MonotonicTime(nanoseconds: 2_000_000_000_000),
            outages: seed % 3 == 0 ? [at(30).monotonic..<at(900).monotonic] : [],
            slowCommits: 0.02,
            slowSends: 0.02
        )
        var world = self.world(seed: seed, faults: faults)
        try world.start(partitions: [0, 1])
        for _ in 0..<3 {
            world.schedule(.crash, in: Double.random(in: 0...1200, using: &random))
            world.schedule(
                .move(Partition(rawValue: Int32.random(in: 0...1, using: &random))),
                in: Double.random(in: 0...1200, using: &random)
            )
        }
        let ended = try world.run()
        #expect(ended, "seed \(seed) did not come to an end after \(world.steps) steps")
        #expect(world.audit() == [], "seed \(seed)")
    }

    @Test
    func guaranteesHoldWhateverTheStepAfterWhichTheProcessCrashes() throws {
        var step = 1
        while true {
            var world = self.world(seed: 4, faults: VirtualFaults(), rollouts: 4)
            world.crashAfter = step
            try world.start(partitions: [0, 1])
            let ended = try world.run()
            #expect(ended && world.audit() == [], "crash after step \(step)")
            guard world.steps > step else { break }
            step += 1
        }
        #expect(step > 100)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func anOutageIsNoFailure(seed: UInt64) throws {
        let faults = VirtualFaults(
            outages: [at(3).monotonic..<at(1_500).monotonic, at(1_600).monotonic..<at(4_000).monotonic]
        )
        var world = self.world(seed: seed, faults: faults)
        try world.start(partitions: [0, 1])
        world.schedule(.crash, in: 1_000)
        let ended = try world.run()
        #expect(ended && world.audit() == [], "seed \(seed)")
        for state in world.journal.endings.values.joined() { #expect(state.phase != .failed, "seed \(seed)") }
    }

    /// Shows that the audit sees what it looks for: without the look by marker every lost answer is made again.
    @Test
    func auditSeesDuplicatesWhenMarkersAreLost() throws {
        var seen = 0
        for seed in 0..<10 as Range<UInt64> {
            let faults = VirtualFaults(chance: 0.3, kinds: [.droppedAfter, .failedAfter])
            var world = self.world(seed: seed, faults: faults)
            world.workbench.losesMarkers = true
            try world.start(partitions: [0, 1])
            _ = try world.run()
            if world.audit().contains(where: { $0.contains("times a") }) { seen += 1 }
        }
        #expect(seen > 5)
    }

    /// Shows that the audit sees an older run displace a newer one: without lanes in the journal a successor lets it.
    @Test
    func auditSeesAnOlderRunDeployedAfterANewerOne() throws {
        var world = VirtualWorld(seed: 1)
        world.journal.losesLanes = true
        for number in 1...2 { world.workbench.runs["r\(number)"] = .sample(number) }
        world.events[0] = [.sample(2, plan: .sample(run: "r2"))]
        try world.start(partitions: [0])
        _ = try world.run()
        world.events[0]?.append(.sample(1, plan: .sample(run: "r1")))
        world.schedule(.crash, in: 1)
        world.schedule(.crash, in: 2)
        _ = try world.run()
        #expect(world.audit().contains("run r1 of model was deployed after r2"))
    }

    /// Shows that the audit sees a creating call without an intent.
    @Test
    func auditSeesACallWithoutAnIntent() throws {
        var world = self.world(seed: 1, faults: VirtualFaults())
        world.journal.losesIntents = true
        try world.start(partitions: [0, 1])
        _ = try world.run()
        #expect(world.audit().contains { $0.hasSuffix("without a fresh intent") })
    }

    /// Shows that the settle time matters: with none, what is applied late is made twice.
    @Test
    func auditSeesDuplicatesWithoutTheTimeToSettle() throws {
        var seen = 0
        for seed in 0..<10 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            var world = VirtualWorld(
                seed: random.next(),
                faults: VirtualFaults(chance: 0.4, kinds: [.appliedLate]),
                policy: Coordinator.Policy(settle: .zero, requestTimeout: .seconds(1))
            )
            world.workbench.runs["r1"] = .sample(1)
            world.events[0] = [.sample(1)]
            try world.start(partitions: [0])
            _ = try world.run()
            if world.audit().contains(where: { $0.contains("times a") }) { seen += 1 }
        }
        #expect(seen > 2)
    }
}

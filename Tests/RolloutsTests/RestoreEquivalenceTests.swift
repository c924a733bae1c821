// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// Whatever part of the journal a successor finds, the same things stand on the workbench in the end.
struct RestoreEquivalenceTests {
    /// One rollout each of three models; one of them asks the deployed model.
    private func world() -> VirtualWorld {
        var world = VirtualWorld(seed: 11)
        for number in 1...3 {
            world.workbench.runs["r\(number)"] = .sample(number)
            let verification = number == 2 ? Verification(request: "{}") : nil
            let plan = RolloutPlan.sample(run: "r\(number)", model: "model-\(number)", verification: verification)
            world.events[0, default: []].append(.sample(number, plan: plan))
        }
        return world
    }

    private func objects(_ world: VirtualWorld) -> [String] {
        world.workbench.log.map { made in
            // Without its random part, which another process draws anew for what no journal knows.
            let marker = made.object.marker.prefix { $0 != "." }
            return "\(made.kind) \(made.object.model) \(made.object.run) \(marker)"
        }
        .sorted()
    }

    /// The broker has lost nothing, but the successor reads an older end than the workbench has seen.
    @Test
    func fromEveryPrefixOfTheJournalEverythingIsAdopted() throws {
        var reference = self.world()
        try reference.start(partitions: [0])
        let ended = try reference.run()
        #expect(ended && reference.audit() == [])
        #expect(reference.workbench.log.count == 12)
        for count in 0...reference.journal.count(0) {
            var world = self.world()
            world.journal = reference.journal.prefix(count, of: 0)
            // Nothing is created before its rollout's first record is committed: what no journal knows was not begun.
            let known = Set(world.journal.rollouts(0).map(\.plan.modelName))
            world.workbench = reference.workbench.keeping(models: known)
            try world.start(partitions: [0])
            let ended = try world.run()
            #expect(ended && world.audit() == [], "after \(count) records")
            #expect(self.objects(world) == self.objects(reference), "after \(count) records")
            #expect(world.journal.endings.values.joined().allSatisfy { $0.phase == .deployed })
        }
    }

    @Test
    func aCrashAfterAnyStepLeadsToTheSameObjects() throws {
        var reference = self.world()
        try reference.start(partitions: [0])
        _ = try reference.run()
        for step in stride(from: 1, to: reference.steps, by: 1) {
            var world = self.world()
            world.crashAfter = step
            try world.start(partitions: [0])
            let ended = try world.run()
            #expect(ended && world.audit() == [], "crash after step \(step)")
            #expect(self.objects(world) == self.objects(reference), "crash after step \(step)")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Simulation
import Testing

/// Plans that bring known defects to light: each must be red until the defect is mended, and then lose its place here.
@Suite("Known defects", .timeLimit(.minutes(5)))
struct KnownDefectTests {
    /// A plan's file, and the check that it fails.
    struct Known: CustomTestStringConvertible, Sendable {
        let name: String
        let check: Check

        var testDescription: String { "\(self.name): \(self.check.rawValue)" }
    }

    /// None is known now.
    static let all: [Known] = []

    @Test("are there still", arguments: all)
    func isRed(known: Known) throws {
        let plan = try PlanFile.read("known-\(known.name)")
        let verdict = World(plan).run()
        withKnownIssue {
            #expect(!verdict.checks.contains(known.check))
        }
    }

    @Test("are as small as they can be", arguments: all)
    func isSmall(known: Known) throws {
        let plan = try PlanFile.read("known-\(known.name)")
        #expect(plan.events.count <= 3)
        #expect(plan.faults.count <= 3)
        #expect(plan.settings.workers <= 2)
    }

    @Test("a failing seed is shrunk to something small that fails alike")
    func shrinks() {
        // Looks that find nothing make again what a cut answer hid.
        func isRed(_ plan: Plan) -> Bool { World(plan, sabotage: .noAdoption).run().checks.contains(.duplicated) }
        var generator = PlanGenerator(seed: 2, kinds: [.cutAfter])
        var shrinker = Shrinker(limit: 200) { isRed($0) }
        let small = shrinker.shrink(generator.plan())
        #expect(isRed(small))
        #expect(small.events.count <= 3)
        #expect(small.faults.count <= 3)
        #expect(small.settings.workers <= 2)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Simulation
import Testing

/// What a port no longer promises must be seen; the thousand seeds that look for all of it run in a release build.
@Suite("Guarantees taken away", .timeLimit(.minutes(5)))
struct SabotageTests {
    @Test("a restore that finds nothing is seen")
    func amnesia() {
        let isSeen = (1...10).contains { seed in
            var generator = PlanGenerator(seed: UInt64(seed))
            return !World(generator.plan(), sabotage: .amnesia).run().isClean
        }
        #expect(isSeen)
    }
}

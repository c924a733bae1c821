// SPDX-License-Identifier: Apache-2.0

import Simulation
import Testing

@Suite("Simulated worlds", .timeLimit(.minutes(5)))
struct WorldTests {
    private func verdict(_ seed: UInt64, _ kinds: [FaultKind] = PlanGenerator.usualKinds) -> Verdict {
        var generator = PlanGenerator(seed: seed, kinds: kinds)
        return World(generator.plan()).run()
    }

    @Test("a world without faults is as it must be", arguments: [1, 2] as [UInt64])
    func happy(seed: UInt64) {
        let verdict = self.verdict(seed, [])
        #expect(verdict.violations == [])
        #expect(verdict.counts.rollouts >= 40)
    }

    @Test("a world with faults is as it must be", arguments: [1, 2, 3, 508] as [UInt64])
    func faulty(seed: UInt64) {
        let verdict = self.verdict(seed)
        #expect(verdict.violations == [])
        #expect(verdict.counts.faults >= 8)
        #expect(verdict.counts.built * 10 >= verdict.counts.rollouts * 6)
    }

    @Test("the same plan gives the same world")
    func repeats() {
        #expect(self.verdict(4).hash == self.verdict(4).hash)
        #expect(self.verdict(4).hash != self.verdict(5).hash)
    }

    @Test("a plan that was written and read is the same")
    func plans() throws {
        var generator = PlanGenerator(seed: 9)
        let plan = generator.plan()
        #expect(try Plan(parsing: plan.json) == plan)
    }

    @Test(
        "a plan that is none is refused by name",
        arguments: [
            (#"{"format": 2}"#, "format 1"),
            (#"{"format": 1, "weather": 1}"#, "unknown key 'weather'"),
            (#"{"format": 1, "faults": [{"kind": "storm"}]}"#, "'kind' is 'storm'"),
            (#"{"format": 1, "settings": {"workers": 0}}"#, "'workers'"),
            (#"{"format": 1, "events": [{"kind": "again", "of": 7}]}"#, "'of' is 7"),
            ("nonsense", "not JSON"),
        ]
    )
    func refuses(text: String, words: String) {
        let failure = #expect(throws: PlanFailure.self) { try Plan(parsing: Array(text.utf8)) }
        #expect(failure?.description.contains(words) == true)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Rollouts

/// What gates say about runs.
struct GateEvaluationTests {
    private func facts(_ metric: Double? = nil, param: String? = nil) -> RunFacts {
        var facts = RunFacts.sample(1)
        facts.metrics["score"] = metric
        facts.params["score"] = param
        facts.tags["stage"] = "production"
        return facts
    }

    private func metric(minimum: Double? = nil, maximum: Double? = nil, better: Gate.Better? = nil) -> [Gate] {
        [Gate(source: .metric, key: "score", minimum: minimum, maximum: maximum, betterThanDeployed: better)]
    }

    @Test(arguments: [(0.9, true), (0.91, true), (0.89, false), (-.infinity, false), (.infinity, false), (.nan, false)])
    func aMinimum(value: Double, passes: Bool) {
        #expect((self.metric(minimum: 0.9).firstUnmet(by: self.facts(value)) == nil) == passes)
    }

    @Test(arguments: [(0.9, true), (0.91, false), (-1, true), (.infinity, false), (.nan, false)])
    func aMaximum(value: Double, passes: Bool) {
        #expect((self.metric(maximum: 0.9).firstUnmet(by: self.facts(value)) == nil) == passes)
    }

    @Test
    func whatIsMissingIsNotMet() {
        #expect(self.metric().firstUnmet(by: self.facts()) == Cause(.gate, "metric 'score' is missing"))
        #expect(self.metric().firstUnmet(by: self.facts(0)) == nil)
    }

    @Test(arguments: [("0.95", true), ("0.5", false), ("good", false), ("nan", false), ("", false)])
    func aNumberWrittenAsAParameter(text: String, passes: Bool) {
        let gates = [Gate(source: .param, key: "score", minimum: 0.9)]
        #expect((gates.firstUnmet(by: self.facts(param: text)) == nil) == passes)
    }

    @Test
    func aTextMustBeTheSame() {
        #expect([Gate(source: .tag, key: "stage", equals: "production")].firstUnmet(by: self.facts()) == nil)
        #expect(
            [Gate(source: .tag, key: "stage", equals: "Production")].firstUnmet(by: self.facts())?.message
                == "tag 'stage' is 'production', wanted 'Production'"
        )
    }

    @Test(arguments: [(0.8, 0.7, true), (0.7, 0.7, false), (0.6, 0.7, false), (.nan, 0.7, false), (0.1, .nan, true)])
    func betterThanTheDeployedRun(value: Double, deployed: Double, passes: Bool) {
        let gates = self.metric(better: .higher)
        #expect((gates.firstUnmet(by: self.facts(value), deployed: self.facts(deployed)) == nil) == passes)
    }

    @Test
    func lowerMayBeBetter() {
        let gates = self.metric(better: .lower)
        #expect(gates.firstUnmet(by: self.facts(0.1), deployed: self.facts(0.2)) == nil)
        #expect(gates.firstUnmet(by: self.facts(0.3), deployed: self.facts(0.2))?.class == .gate)
        #expect(gates.firstUnmet(by: self.facts(0.3), deployed: self.facts()) == nil, "no mark was set")
    }
}

// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Testing

@testable import Bench

@Suite struct ComparisonTests {
    private func reading(_ count: Double, seconds: Int, worked: Duration, brokers: Duration? = nil) -> Reading {
        let beside = Bystanders(brokers: brokers, sandbox: nil)
        return Reading(count: count, took: .seconds(seconds), worked: worked, beside: beside)
    }

    @Test func mediansAreHeldAgainstTheReference() {
        let (new, old) = (Contestant("this", "new/slipway"), Contestant("other", title: "before", "old/slipway"))
        var comparison = Comparison("rollouts", "rollouts", reference: "other")
        for rate in [300.0, 100, 200] {
            comparison.add(
                self.reading(rate, seconds: 1, worked: .milliseconds(60), brokers: .milliseconds(6)),
                of: new
            )
        }
        comparison.add(self.reading(100, seconds: 2, worked: .milliseconds(30)), of: old)
        comparison.add(self.reading(100, seconds: 1, worked: .milliseconds(50)), of: old)
        let figures = comparison.figures
        #expect(
            figures.map(\.name) == [
                "rolloutsPerSecond.this", "rolloutsProcessorTime.this", "rolloutsPerSecond.other",
                "rolloutsProcessorTime.other",
            ]
        )
        #expect(figures.map(\.value) == [200, 300, 75, 400])
        #expect(figures[0].note == "100 to 300 in 3 turns")
        #expect(figures[1].note == "200 to 600 in 3 turns; brokers 30.0 us each")
        #expect(figures[3].note == "300 to 500 in 2 turns")
        #expect(figures[0].limit == Figure.Limit(text: "other's", value: 75, unit: "/s"))
        #expect(figures[2].title == "rollouts, before" && figures[2].limit == nil)
    }

    @Test(arguments: [([], 0), ([4], 4), ([3, 1], 2), ([9, 1, 5], 5)])
    func theMedianLiesInTheMiddle(values: [Double], median: Double) {
        #expect(Comparison.median(values) == median)
    }

    @Test func whatIsNotThereIsNotTold() {
        let earlier = Bystanders(brokers: nil, sandbox: .seconds(1))
        let since = Bystanders(brokers: nil, sandbox: .seconds(3)).since(earlier)
        #expect(since.brokers == nil && since.sandbox == .seconds(2))
    }
}

@Suite struct MeasurementTests {
    private func problem(_ only: Set<Measurement>, kafka: Bool, worker: Bool) -> String? {
        var settings = BenchSettings.sample
        settings.bootstrap = kafka ? "localhost:9092" : nil
        settings.otherWorker = worker ? "old/slipway" : nil
        settings.only = only
        return settings.problem
    }

    @Test func whatNeedsAGenuineKafkaSaysSo() {
        #expect(
            self.problem([.start, .known, .restore], kafka: false, worker: false)?.hasPrefix("--only known, restore:")
                == true
        )
        #expect(self.problem([.known], kafka: true, worker: false) == nil)
        // Left to itself it measures what it can.
        #expect(self.problem(Set(Measurement.allCases), kafka: false, worker: false) == nil)
        #expect(self.problem([.rollouts], kafka: false, worker: true)?.hasPrefix("--worker:") == true)
    }

    @Test func workersAreComparedInWhatIsComparable() {
        let problem = self.problem([.idle, .rollouts, .price], kafka: true, worker: true)
        #expect(problem?.hasSuffix("not in idle, price") == true)
        #expect(self.problem([.rollouts, .restore], kafka: true, worker: true) == nil)
        #expect(self.problem(Set(Measurement.allCases), kafka: true, worker: true) == nil)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Telemetry
import Testing

@Suite("Metrics registry", .timeLimit(.minutes(1)))
struct MetricsRegistryTests {
    @Test func thePageFollowsTheTextFormat() {
        let registry = MetricsRegistry()
        let ended = registry.counters(
            "rollouts_total",
            help: "Ended rollouts, by \\ and\nclass.",
            labels: ["outcome", "class"]
        )
        ended.with("failed", "a\"b\\c\nd").increment()
        ended.with("deployed", "").increment(by: 41)
        registry.gauge("in_flight", help: "In flight.").set(2.5)
        registry.counter("commits_total", help: "Commits.").increment()
        let seconds = registry.histogram("call_seconds", help: "Calls.", buckets: .init([0.1, 0.5, 1]))
        for value in [0.1, 0.25, 0.5, 4] { seconds.observe(value) }
        #expect(
            registry.prometheusText() == """
                # HELP call_seconds Calls.
                # TYPE call_seconds histogram
                call_seconds_bucket{le="0.1"} 1
                call_seconds_bucket{le="0.5"} 3
                call_seconds_bucket{le="1"} 3
                call_seconds_bucket{le="+Inf"} 4
                call_seconds_sum 4.85
                call_seconds_count 4
                # HELP commits_total Commits.
                # TYPE commits_total counter
                commits_total 1
                # HELP in_flight In flight.
                # TYPE in_flight gauge
                in_flight 2.5
                # HELP rollouts_total Ended rollouts, by \\\\ and\\nclass.
                # TYPE rollouts_total counter
                rollouts_total{outcome="deployed",class=""} 41
                rollouts_total{outcome="failed",class="a\\"b\\\\c\\nd"} 1

                """
        )
    }

    @Test(arguments: [
        (0, "0"), (1, "1"), (-3, "-3"), (0.1, "0.1"), (1e-9, "1e-09"), (9_007_199_254_740_991, "9007199254740991"),
        (1e300, "1e+300"), (Double.infinity, "+Inf"), (-Double.infinity, "-Inf"), (Double.nan, "NaN"),
    ])
    func numbersAreWrittenForTheFormat(value: Double, text: String) {
        #expect(MetricsText.number(value) == text)
    }

    @Test func labelledHistogramsKeepTheirLabelsBesideLe() {
        let registry = MetricsRegistry()
        let family = registry.histograms("step_seconds", help: "h", labels: ["step"], buckets: .init([1]))
        family.with("build").observe(.milliseconds(1500))
        family.with("build").observe(.nan)
        let text = registry.prometheusText()
        #expect(text.contains("step_seconds_bucket{step=\"build\",le=\"1\"} 0\n"))
        #expect(text.contains("step_seconds_bucket{step=\"build\",le=\"+Inf\"} 1\n"))
        #expect(text.contains("step_seconds_sum{step=\"build\"} 1.5\nstep_seconds_count{step=\"build\"} 1\n"))
    }

    @Test func theSameNameIsTheSameMetric() {
        let registry = MetricsRegistry()
        registry.counter("c_total", help: "c").increment()
        registry.counter("c_total", help: "c").increment()
        #expect(registry.counter("c_total", help: "c").value == 2)
        let family = registry.counters("f_total", help: "f", labels: ["a"])
        #expect(family.with("x") === registry.counters("f_total", help: "f", labels: ["a"]).with(values: ["x"]))
    }

    @Test func seriesBeyondTheBoundShareOne() {
        let registry = MetricsRegistry(maximumSeries: 2)
        let family = registry.counters("f_total", help: "f", labels: ["a", "b"])
        for name in ["one", "two", "three", "four"] { family.with(name, "x").increment() }
        family.with("one", "x").increment()
        let text = registry.prometheusText()
        #expect(text.contains("f_total{a=\"one\",b=\"x\"} 2\n"))
        #expect(text.contains("f_total{a=\"overflow\",b=\"overflow\"} 2\n"))
        #expect(!text.contains("three"))
        #expect(text.contains("slipway_metrics_series_overflow_total{family=\"f_total\"} 2\n"))
    }

    /// Of several gauges in one the last writer's would be shown, whichever that is.
    @Test func aGaugeBeyondTheBoundIsCountedAndNotShown() {
        let registry = MetricsRegistry(maximumSeries: 2)
        let family = registry.gauges("lag", help: "l", labels: ["partition"])
        for partition in 0..<4 { family.with(String(partition)).set(10 * partition) }
        let text = registry.prometheusText()
        #expect(text.contains("lag{partition=\"1\"} 10\n"))
        #expect(!text.contains("lag{partition=\"overflow\"}"))
        #expect(text.contains("slipway_metrics_series_overflow_total{family=\"lag\"} 2\n"))
    }

    @Test func aRemovedSeriesIsNotShown() {
        let registry = MetricsRegistry()
        let family = registry.gauges("lag", help: "l", labels: ["partition"])
        family.with("0").set(1)
        family.with("1").set(2)
        family.remove("0")
        #expect(registry.prometheusText() == "# HELP lag l\n# TYPE lag gauge\nlag{partition=\"1\"} 2\n")
        family.remove("1")
        #expect(registry.prometheusText().isEmpty)
    }

    @Test func sampledFamiliesAreReadAtEachScrape() {
        let registry = MetricsRegistry(maximumSeries: 2)
        let source = registry.counter("source_total", help: "s")
        registry.sampled("copy", help: "c", labels: ["p"]) {
            [.init(Double(source.value), labels: ["b"]), .init(1, labels: ["a"])]
        }
        registry.sampled("none", help: "n", kind: .counter) { [] }
        registry.sampled("many", help: "m", labels: ["p"]) { (0..<5).map { .init(1, labels: ["\($0)"]) } }
        source.increment(by: 7)
        let text = registry.prometheusText()
        #expect(text.contains("# TYPE copy gauge\ncopy{p=\"a\"} 1\ncopy{p=\"b\"} 7\n"))
        #expect(!text.contains("none"))
        #expect(text.contains("many{p=\"1\"}") && !text.contains("many{p=\"2\"}"))
        #expect(registry.prometheusText().contains("overflow_total{family=\"many\"} "))
    }

    @Test func manyTasksLoseNoIncrement() async {
        let registry = MetricsRegistry()
        let counter = registry.counter("c_total", help: "c")
        let gauge = registry.gauge("g", help: "g")
        let histogram = registry.histogram("h", help: "h", buckets: .callSeconds)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 {
                        counter.increment()
                        gauge.add(1)
                        histogram.observe(0.3)
                    }
                }
            }
        }
        #expect(counter.value == 8000)
        #expect(gauge.value == 8000)
        #expect(histogram.count == 8000)
    }
}

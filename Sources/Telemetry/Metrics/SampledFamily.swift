// SPDX-License-Identifier: Apache-2.0

/// A family whose values live elsewhere and are read at each scrape.
struct SampledFamily: ScrapedFamily {
    let name: String
    let help: String
    let kind: MetricsRegistry.SampleKind
    let labelNames: [String]
    let maximumSeries: Int
    let overflow: MetricFamily<Counter>
    let read: @Sendable () -> [MetricsRegistry.Sample]

    func append(to text: inout MetricsText) {
        var samples = self.read().sorted { $0.labelValues.lexicographicallyPrecedes($1.labelValues) }
        guard !samples.isEmpty else { return }
        if samples.count > self.maximumSeries {
            // What is beyond the bound can't be added up here (it may be a gauge), so it is left out and counted.
            self.overflow.with(self.name).increment(by: UInt64(samples.count - self.maximumSeries))
            samples.removeLast(samples.count - self.maximumSeries)
        }
        text.appendHeader(name: self.name, help: self.help, typeName: self.kind.rawValue)
        for sample in samples {
            let labels = zip(self.labelNames, sample.labelValues).map { MetricsText.Label($0, $1) }
            text.appendSample(name: self.name, labels: labels, value: sample.value)
        }
    }
}

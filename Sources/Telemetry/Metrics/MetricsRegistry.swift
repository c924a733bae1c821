// SPDX-License-Identifier: Apache-2.0

import Threads

/// A family as the registry sees it.
protocol ScrapedFamily: Sendable {
    var name: String { get }
    /// Appends header and samples; nothing while the family has no series.
    func append(to text: inout MetricsText)
}

/// Holds every metric of the process and writes the scrape page.
///
/// Asking twice for the same name, labels and kind returns the same metric; a name that is asked for differently is a
/// defect of the program, and traps.
package final class MetricsRegistry: Sendable {
    /// What a sampled family is.
    package enum SampleKind: String, Sendable {
        /// A number that only grows, kept elsewhere.
        case counter
        /// A number that goes up and down.
        case gauge
    }

    /// One value of a sampled family.
    package struct Sample: Sendable {
        /// As many values as the family has labels.
        package let labelValues: [String]
        /// The number now.
        package let value: Double

        /// Creates a sample.
        package init(_ value: Double, labels labelValues: [String] = []) {
            self.value = value
            self.labelValues = labelValues
        }
    }

    /// Counts requests for series beyond the bound, by family.
    package static let overflowName = "slipway_metrics_series_overflow_total"

    private let maximumSeries: Int
    private let overflow: MetricFamily<Counter>
    private let families: Locked<[String: any ScrapedFamily]>

    /// Creates an empty registry.
    ///
    /// - Parameter maximumSeries: The most series a family may have; default 256.
    package init(maximumSeries: Int = 256) {
        self.maximumSeries = maximumSeries
        let overflow = MetricFamily<Counter>(
            name: MetricsRegistry.overflowName,
            help: "Requests for a series that its family had no room for.",
            labelNames: ["family"],
            configuration: (),
            maximumSeries: .max,
            overflow: nil
        )
        self.overflow = overflow
        self.families = Locked([overflow.name: overflow])
    }

    /// Returns a counter without labels.
    package func counter(_ name: String, help: String) -> Counter {
        self.counters(name, help: help, labels: []).with()
    }

    /// Returns a family of counters.
    package func counters(_ name: String, help: String, labels: [String]) -> MetricFamily<Counter> {
        self.family(name, help: help, labels: labels, configuration: ())
    }

    /// Returns a gauge without labels.
    package func gauge(_ name: String, help: String) -> Gauge {
        self.gauges(name, help: help, labels: []).with()
    }

    /// Returns a family of gauges.
    package func gauges(_ name: String, help: String, labels: [String]) -> MetricFamily<Gauge> {
        self.family(name, help: help, labels: labels, configuration: ())
    }

    /// Returns a histogram without labels.
    package func histogram(_ name: String, help: String, buckets: Histogram.Buckets) -> Histogram {
        self.histograms(name, help: help, labels: [], buckets: buckets).with()
    }

    /// Returns a family of histograms.
    package func histograms(
        _ name: String,
        help: String,
        labels: [String],
        buckets: Histogram.Buckets
    ) -> MetricFamily<Histogram> {
        precondition(!labels.contains("le"), "\(name): the label le belongs to the buckets")
        return self.family(name, help: help, labels: labels, configuration: buckets)
    }

    /// Adds a family whose values are read at each scrape.
    ///
    /// - Parameters:
    ///   - name: The name of the family; not in use yet.
    ///   - help: One sentence.
    ///   - kind: Counter or gauge.
    ///   - labels: The names of the labels.
    ///   - read: Returns the values now; called by the scrape, under no lock of the registry. It must not block.
    package func sampled(
        _ name: String,
        help: String,
        kind: SampleKind = .gauge,
        labels: [String] = [],
        read: @escaping @Sendable () -> [Sample]
    ) {
        checkNames(family: name, labels: labels)
        let family = SampledFamily(
            name: name,
            help: help,
            kind: kind,
            labelNames: labels,
            maximumSeries: self.maximumSeries,
            overflow: self.overflow,
            read: read
        )
        self.families.withLock { families in
            precondition(families[name] == nil, "metric \(name) exists already")
            families[name] = family
        }
    }

    /// Returns the page in the Prometheus text format, families and series in a stable order.
    package func prometheusText() -> String {
        let families = self.families.withLock { Array($0.values) }
        var text = MetricsText()
        for family in families.sorted(by: { $0.name < $1.name }) { family.append(to: &text) }
        return text.text
    }

    private func family<Series: Metric>(
        _ name: String,
        help: String,
        labels: [String],
        configuration: Series.Configuration
    ) -> MetricFamily<Series> {
        checkNames(family: name, labels: labels)
        return self.families.withLock { families in
            if let existing = families[name] {
                guard let family = existing as? MetricFamily<Series>, family.labelNames == labels else {
                    preconditionFailure("metric \(name) exists with another kind or other labels")
                }
                return family
            }
            let family = MetricFamily<Series>(
                name: name,
                help: help,
                labelNames: labels,
                configuration: configuration,
                maximumSeries: self.maximumSeries,
                overflow: self.overflow
            )
            families[name] = family
            return family
        }
    }
}

/// Traps on names that the format does not allow: they come from the program's text, never from outside.
private func checkNames(family: String, labels: [String]) {
    precondition(isName(family, mayHoldColons: true), "'\(family)' is no metric name")
    for label in labels {
        precondition(isName(label, mayHoldColons: false) && !label.hasPrefix("__"), "'\(label)' is no label name")
    }
}

private func isName(_ name: String, mayHoldColons: Bool) -> Bool {
    let isAllowed = name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: ":"): mayHoldColons
        default: false
        }
    }
    guard let first = name.utf8.first, isAllowed else { return false }
    return !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
}

// SPDX-License-Identifier: Apache-2.0

import Threads

/// All series of one name, told apart by the values of the same labels.
///
/// Bounded: when `maximumSeries` exist, further label values share one series whose every value is `overflow`, and each
/// such request is counted; gauges, which can't be put together, are then not shown, only counted. So a label that is fed with something unbounded by mistake cannot exhaust memory.
package final class MetricFamily<Series: Metric>: Sendable {
    private struct State: Sendable {
        var series: [[String]: Series] = [:]
        var overflow: Series?
    }

    /// The name of the family.
    package let name: String
    /// The names of the labels, in the order in which values are given.
    package let labelNames: [String]

    let help: String
    private let configuration: Series.Configuration
    private let maximumSeries: Int
    private let overflow: MetricFamily<Counter>?
    private let state = Locked(State())

    init(
        name: String,
        help: String,
        labelNames: [String],
        configuration: Series.Configuration,
        maximumSeries: Int,
        overflow: MetricFamily<Counter>?
    ) {
        self.name = name
        self.help = help
        self.labelNames = labelNames
        self.configuration = configuration
        self.maximumSeries = maximumSeries
        self.overflow = overflow
    }

    /// Returns the series with these label values, created at zero when it is asked for first.
    ///
    /// - Parameter values: As many as the family has labels.
    /// - Returns: The series, or the overflow series when there are too many.
    package func with(_ values: String...) -> Series { self.with(values: values) }

    /// Returns the series with these label values, created at zero when it is asked for first.
    package func with(values: [String]) -> Series {
        precondition(values.count == self.labelNames.count, "\(self.name) has labels \(self.labelNames)")
        let (series, isOverflow) = self.state.withLock { state -> (Series, Bool) in
            if let series = state.series[values] { return (series, false) }
            guard state.series.count < self.maximumSeries else {
                let overflow = state.overflow ?? Series(configuration: self.configuration)
                state.overflow = overflow
                return (overflow, true)
            }
            let series = Series(configuration: self.configuration)
            state.series[values] = series
            return (series, false)
        }
        if isOverflow { self.overflow?.with(self.name).increment() }
        return series
    }

    /// Forgets the series with these label values, for example of a partition that was revoked.
    ///
    /// A handle that is still held keeps working, but is no longer shown.
    package func remove(_ values: String...) {
        self.state.withLock { $0.series[values] = nil }
    }
}

extension MetricFamily: ScrapedFamily {
    func append(to text: inout MetricsText) {
        let state = self.state.withLock { $0 }
        let shared = Series.canBeShared ? state.overflow : nil
        guard !state.series.isEmpty || shared != nil else { return }
        text.appendHeader(name: self.name, help: self.help, typeName: Series.typeName.description)
        for (values, series) in state.series.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            series.append(to: &text, name: self.name, labels: self.labels(values))
        }
        let overflowValues = self.labelNames.map { _ in "overflow" }
        if let overflow = shared, state.series[overflowValues] == nil {
            overflow.append(to: &text, name: self.name, labels: self.labels(overflowValues))
        }
    }

    private func labels(_ values: [String]) -> [MetricsText.Label] {
        zip(self.labelNames, values).map { MetricsText.Label($0, $1) }
    }
}

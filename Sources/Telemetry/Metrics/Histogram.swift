// SPDX-License-Identifier: Apache-2.0

import Threads

/// Counts observations in buckets with fixed upper bounds.
package final class Histogram: Metric {
    /// The upper bounds of the buckets, ascending and finite; `+Inf` is implied.
    package struct Buckets: Sendable, Equatable {
        /// The bounds.
        package let upperBounds: [Double]

        /// Creates buckets; traps unless the bounds are finite and strictly ascending.
        package init(_ upperBounds: [Double]) {
            let isAscending = zip(upperBounds, upperBounds.dropFirst()).allSatisfy { $0 < $1 }
            precondition(isAscending && upperBounds.allSatisfy(\.isFinite), "bounds must be finite and ascending")
            self.upperBounds = upperBounds
        }

        /// Bounds in seconds for calls and transactions: 1 ms to 60 s.
        package static let callSeconds = Buckets([
            0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
        ])

        /// Bounds in seconds for steps of a rollout: 100 ms to one hour.
        package static let stepSeconds = Buckets([0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600])
    }

    private struct State: Sendable {
        /// One more than there are bounds: the last counts what is above all of them, and none is cumulative.
        var counts: [UInt64]
        var sum: Double = 0
    }

    package static let canBeShared = true
    package static let typeName: StaticString = "histogram"

    private let buckets: Buckets
    private let state: Locked<State>

    package init(configuration: Buckets) {
        self.buckets = configuration
        self.state = Locked(State(counts: Array(repeating: 0, count: configuration.upperBounds.count + 1)))
    }

    /// Counts one observation.
    ///
    /// A value on a bound belongs to that bucket; not-a-number is ignored.
    package func observe(_ value: Double) {
        guard !value.isNaN else { return }
        // Binary search for the first bound that is not below the value.
        var (low, high) = (0, self.buckets.upperBounds.count)
        while low < high {
            let middle = (low + high) / 2
            if self.buckets.upperBounds[middle] < value { low = middle + 1 } else { high = middle }
        }
        self.state.withLock { state in
            state.counts[low] += 1
            state.sum += value
        }
    }

    /// Counts one length of time, in seconds.
    package func observe(_ duration: Duration) { self.observe(duration / .seconds(1)) }

    /// How many observations there were.
    package var count: UInt64 { self.state.withLock { $0.counts.reduce(0, +) } }

    package func append(to text: inout MetricsText, name: String, labels: [MetricsText.Label]) {
        let state = self.state.withLock { $0 }
        var cumulative: UInt64 = 0
        for (index, bound) in (self.buckets.upperBounds + [.infinity]).enumerated() {
            cumulative += state.counts[index]
            let bucketLabels = labels + [MetricsText.Label("le", MetricsText.number(bound))]
            text.appendSample(name: name + "_bucket", labels: bucketLabels, value: Double(cumulative))
        }
        text.appendSample(name: name + "_sum", labels: labels, value: state.sum)
        text.appendSample(name: name + "_count", labels: labels, value: Double(cumulative))
    }
}

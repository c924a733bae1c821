// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A number that goes up and down.
package final class Gauge: Metric {
    package static let typeName: StaticString = "gauge"
    /// What the last writer said would hide all others.
    package static let canBeShared = false

    /// The bit pattern of a `Double`.
    private let bits = Atomic<UInt64>(0)

    package init(configuration: Void = ()) {}

    /// The number now.
    package var value: Double { Double(bitPattern: self.bits.load(ordering: .relaxed)) }

    /// Replaces the number.
    package func set(_ value: Double) {
        self.bits.store(value.bitPattern, ordering: .relaxed)
    }

    /// Replaces the number.
    package func set(_ value: Int) { self.set(Double(value)) }

    /// Adds `amount`, which may be negative.
    package func add(_ amount: Double) {
        var current = self.bits.load(ordering: .relaxed)
        while true {
            let (exchanged, original) = self.bits.weakCompareExchange(
                expected: current,
                desired: (Double(bitPattern: current) + amount).bitPattern,
                ordering: .relaxed
            )
            if exchanged { return }
            current = original
        }
    }

    package func append(to text: inout MetricsText, name: String, labels: [MetricsText.Label]) {
        text.appendSample(name: name, labels: labels, value: self.value)
    }
}

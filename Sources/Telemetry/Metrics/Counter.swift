// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A number that only grows while the process lives.
package final class Counter: Metric {
    package static let canBeShared = true
    package static let typeName: StaticString = "counter"

    private let count = Atomic<UInt64>(0)

    package init(configuration: Void = ()) {}

    /// The number so far.
    package var value: UInt64 { self.count.load(ordering: .relaxed) }

    /// Adds `amount`; one atomic addition, callable from any thread.
    package func increment(by amount: UInt64 = 1) {
        self.count.wrappingAdd(amount, ordering: .relaxed)
    }

    package func append(to text: inout MetricsText, name: String, labels: [MetricsText.Label]) {
        text.appendSample(name: name, labels: labels, value: Double(self.value))
    }
}

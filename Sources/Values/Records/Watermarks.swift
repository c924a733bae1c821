// SPDX-License-Identifier: Apache-2.0

/// Where a partition begins and ends.
package struct Watermarks: Hashable, Sendable {
    /// The oldest record kept.
    package let low: Offset
    /// One past the newest record, as the isolation level shows it.
    package let high: Offset

    /// Creates a pair.
    package init(low: Offset, high: Offset) {
        self.low = low
        self.high = high
    }
}

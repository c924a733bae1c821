// SPDX-License-Identifier: Apache-2.0

/// The number of a partition within its topic, counted from 0.
package struct Partition: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number as Kafka counts it.
    package let rawValue: Int32

    /// Wraps a partition number.
    package init(rawValue: Int32) { self.rawValue = rawValue }

    package var description: String { String(self.rawValue) }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension Partition: Codable, ExpressibleByIntegerLiteral {
    package init(integerLiteral number: Int32) { self.init(rawValue: number) }
}

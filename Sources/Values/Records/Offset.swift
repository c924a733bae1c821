// SPDX-License-Identifier: Apache-2.0

/// The place of a record within its partition, counted from 0.
///
/// Only real places: Kafka's logical offsets (beginning, end, stored) are asked for by function, not by negative number.
package struct Offset: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number as Kafka counts it.
    package let rawValue: Int64

    /// Wraps an offset.
    package init(rawValue: Int64) { self.rawValue = rawValue }

    /// The place after this one: what is committed once this record is done.
    package var next: Self { Self(rawValue: self.rawValue + 1) }

    package var description: String { String(self.rawValue) }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension Offset: Codable, ExpressibleByIntegerLiteral {
    package init(integerLiteral number: Int64) { self.init(rawValue: number) }
}

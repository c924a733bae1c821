// SPDX-License-Identifier: Apache-2.0

/// A number of bytes as people write it: `512B`, `256KiB`, `1MB`.
package struct ByteCount: Sendable, Hashable, Comparable {
    /// The number of bytes; not negative.
    package let bytes: Int

    private static let units: [(suffix: String, bytes: Int)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
        ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000), ("KB", 1000), ("B", 1),
    ]

    /// Creates a count; traps if it is negative.
    package init(bytes: Int) {
        precondition(bytes >= 0, "a byte count is not negative")
        self.bytes = bytes
    }

    /// Reads a whole number with a unit (`B`, `kB`, `KiB`, `MB`, `MiB`, `GB`, `GiB`, `TB`, `TiB`) or without (bytes).
    package init?(notation text: some StringProtocol) {
        let number = text.prefix { $0.isASCII && $0.isNumber }
        let suffix = text.dropFirst(number.count)
        let unit = suffix.isEmpty ? 1 : ByteCount.units.first { $0.suffix == suffix }?.bytes
        guard let unit, let count = Int(number) else { return nil }
        let product = count.multipliedReportingOverflow(by: unit)
        guard !product.overflow else { return nil }
        self.bytes = product.partialValue
    }

    /// The count in the greatest binary unit that shows it whole, for example `256KiB` or `1000B`.
    package var notation: String {
        let unit = ByteCount.units.first {
            $0.bytes & ($0.bytes - 1) == 0 && self.bytes % $0.bytes == 0 && self.bytes > 0
        }
        return unit.map { "\(self.bytes / $0.bytes)\($0.suffix)" } ?? "\(self.bytes)B"
    }

    package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }
}

extension ByteCount: CustomStringConvertible {
    package var description: String { self.notation }
}

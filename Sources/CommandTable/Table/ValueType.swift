// SPDX-License-Identifier: Apache-2.0

import Notation

/// What the value of an option or argument must be.
package enum ValueType: Sendable, Equatable {
    /// Any text.
    case text
    /// A whole number in a range.
    case integer(ClosedRange<Int> = Int.min...Int.max)
    /// A decimal number in a range.
    case number(ClosedRange<Double> = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude)
    /// A duration such as `30s`.
    case duration
    /// A number of bytes such as `1MiB`.
    case byteCount
    /// A `host:port`.
    case address
    /// The path of a file; shells complete it.
    case file
    /// The path of a directory; shells complete it.
    case directory
    /// One of a few words, in the order in which they are shown.
    case choice([String])

    /// Says what is allowed, for an error message and for help: `a whole number from 1 to 10`.
    var expectation: String {
        switch self {
        case .text: "a text"
        case .integer(let range): "a whole number" + ValueType.describe(range, unbounded: Int.min...Int.max)
        case .number(let range):
            "a number"
                + ValueType.describe(
                    range,
                    unbounded: -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
                )
        case .duration: "a duration such as 250ms, 30s or 5m"
        case .byteCount: "a size such as 512B, 256KiB or 1MiB"
        case .address: "host:port"
        case .file: "the path of a file"
        case .directory: "the path of a directory"
        case .choice(let words): "one of " + words.joined(separator: ", ")
        }
    }

    private static func describe<Bound: Comparable & CustomStringConvertible>(
        _ range: ClosedRange<Bound>,
        unbounded: ClosedRange<Bound>
    ) -> String {
        func text(_ bound: Bound) -> String {
            let text = bound.description
            return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
        }
        return switch (range.lowerBound == unbounded.lowerBound, range.upperBound == unbounded.upperBound) {
        case (true, true): ""
        case (false, true): " of at least \(text(range.lowerBound))"
        case (true, false): " of at most \(text(range.upperBound))"
        case (false, false): " from \(text(range.lowerBound)) to \(text(range.upperBound))"
        }
    }

    /// Whether `text` is such a value.
    func accepts(_ text: String) -> Bool {
        switch self {
        case .text: true
        case .integer(let range): Int(text).map(range.contains) ?? false
        case .number(let range): Double(text).map(range.contains) ?? false
        case .duration: Duration(notation: text) != nil
        case .byteCount: ByteCount(notation: text) != nil
        case .address: NetworkAddress(notation: text) != nil
        case .file, .directory: !text.isEmpty
        case .choice(let words): words.contains(text)
        }
    }

    /// The words a shell can offer.
    var words: [String] {
        if case .choice(let words) = self { words } else { [] }
    }
}

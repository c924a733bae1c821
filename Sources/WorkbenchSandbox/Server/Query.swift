// SPDX-License-Identifier: Apache-2.0

/// The query part of a URL, decoded.
struct Query: Sendable {
    private var pairs: [(name: String, value: String)] = []

    /// No query at all.
    static let empty = Query()

    private init() {}

    /// Reads `a=1&b=2`; `+` stands for a space.
    ///
    /// - Returns: `nil` if an escape is broken or the bytes are not UTF-8.
    init?(_ text: String) {
        guard !text.isEmpty else { return }
        for pair in text.utf8.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decodePercent(parts[0], plusIsSpace: true),
                let value = parts.count > 1 ? decodePercent(parts[1], plusIsSpace: true) : ""
            else { return nil }
            self.pairs.append((name, value))
        }
    }

    /// The first value of that name; empty if there is none.
    subscript(_ name: String) -> String {
        self.value(name) ?? ""
    }

    /// The first value of that name; `nil` if there is none.
    func value(_ name: String) -> String? {
        self.pairs.first { $0.name == name }?.value
    }
}

/// Undoes percent-encoding; `nil` for a broken escape or bytes that are not UTF-8.
func decodePercent(_ text: Substring.UTF8View, plusIsSpace: Bool = false) -> String? {
    var isPlain = true
    for byte in text where byte == UInt8(ascii: "%") || byte == UInt8(ascii: "+") {
        isPlain = false
        break
    }
    if isPlain { return String(Substring(text)) }
    var bytes: [UInt8] = []
    var iterator = text.makeIterator()
    while let byte = iterator.next() {
        if byte == UInt8(ascii: "%") {
            guard let high = iterator.next().flatMap(hexadecimalValue),
                let low = iterator.next().flatMap(hexadecimalValue)
            else { return nil }
            bytes.append(high << 4 | low)
        } else if byte == UInt8(ascii: "+"), plusIsSpace {
            bytes.append(UInt8(ascii: " "))
        } else {
            bytes.append(byte)
        }
    }
    return String(validating: bytes, as: UTF8.self)
}

/// The value of one hexadecimal digit in ASCII.
private func hexadecimalValue(_ byte: UInt8) -> UInt8? {
    Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
}

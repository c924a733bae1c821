// SPDX-License-Identifier: Apache-2.0

/// The header fields of a response: as received, until somebody asks for them.
///
/// Of some ten fields that servers send hardly any is ever read, so the bytes are kept together and read when asked.
package struct HTTPFields: Sendable {
    private enum Storage: Sendable {
        /// Lines, each with a line feed behind it and without a carriage return.
        case lines([UInt8])
        case pairs([(name: String, value: String)])
    }

    private let storage: Storage

    /// Takes fields as received.
    ///
    /// - Parameter lines: `name: value` lines, each with a line feed behind it; those without a colon are no fields.
    package init(lines: [UInt8]) {
        self.storage = .lines(lines)
    }

    /// Takes fields one by one.
    package init(_ pairs: [(name: String, value: String)]) {
        self.storage = .pairs(pairs)
    }

    /// All fields in their order, values without the blanks around them.
    package var pairs: [(name: String, value: String)] {
        switch self.storage {
        case .pairs(let pairs): return pairs
        case .lines(let lines):
            var pairs: [(name: String, value: String)] = []
            lines.withUnsafeBufferPointer { lines in
                _ = Self.firstField(of: lines) { name, value in
                    pairs.append((Self.text(name), Self.text(value)))
                    return false
                }
            }
            return pairs
        }
    }

    /// The value of the first field of that name, compared without regard to ASCII case.
    package subscript(name: String) -> String? {
        var name = name
        return name.withUTF8 { name in
            switch self.storage {
            case .pairs(let pairs):
                return pairs.first { pair in
                    var found = pair.name
                    return found.withUTF8 { Self.isSame($0[...], name) }
                }?.value
            case .lines(let lines):
                return lines.withUnsafeBufferPointer { lines in
                    Self.firstField(of: lines) { found, _ in Self.isSame(found, name) }.map(Self.text)
                }
            }
        }
    }

    private typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

    /// The value of the first field that `isWanted` takes, by name and value.
    private static func firstField(
        of lines: UnsafeBufferPointer<UInt8>,
        _ isWanted: (Bytes, Bytes) -> Bool
    ) -> Bytes? {
        var rest = lines[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let line = rest[..<end]
            rest = rest[(end + 1)...]
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            var value = line[(colon + 1)...].drop(while: Self.isBlank)
            while let last = value.last, Self.isBlank(last) { value.removeLast() }
            if isWanted(line[..<colon], value) { return value }
        }
        return nil
    }

    private static func isSame(_ one: Bytes, _ other: UnsafeBufferPointer<UInt8>) -> Bool {
        guard one.count == other.count else { return false }
        for (left, right) in zip(one, other) where self.lowercase(left) != self.lowercase(right) { return false }
        return true
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }

    private static func text(_ bytes: Bytes) -> String { String(decoding: bytes, as: UTF8.self) }
}

// SPDX-License-Identifier: Apache-2.0

/// A pattern for names: `*` stands for any characters, also none, `?` for exactly one; all else for itself.
package struct Glob: Sendable, Hashable, CustomStringConvertible {
    /// The pattern as written.
    package let pattern: String
    private let bytes: [UInt8]

    /// Creates a pattern; every text is one.
    package init(_ pattern: String) {
        self.pattern = pattern
        self.bytes = Array(pattern.utf8)
    }

    package var description: String { self.pattern }

    /// Whether the whole text fits, letter case included.
    ///
    /// Takes at most pattern length x text length steps, whatever the pattern.
    package func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { self.matches($0) }
    }

    private func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var (position, index) = (0, 0)
        // Where to go on after the last star took one byte more.
        var star: (index: Int, position: Int)?
        while position < text.count {
            if index < self.bytes.count, self.bytes[index] == UInt8(ascii: "*") {
                star = (index + 1, position)
                index += 1
            } else if index < self.bytes.count, self.bytes[index] == UInt8(ascii: "?") {
                position = Self.end(ofCharacterAt: position, in: text)
                index += 1
            } else if index < self.bytes.count, self.bytes[index] == text[position] {
                position += 1
                index += 1
            } else if let last = star {
                star = (last.index, last.position + 1)
                (index, position) = (last.index, last.position + 1)
            } else {
                return false
            }
        }
        return self.bytes[index...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    private static func end(ofCharacterAt position: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
        var end = position + 1
        while end < text.count, text[end] & 0xC0 == 0x80 { end += 1 }
        return end
    }
}

extension [Glob] {
    /// Whether any pattern fits any of the texts.
    func matchesAny(of texts: String?...) -> Bool {
        self.contains { glob in texts.contains { $0.map(glob.matches) ?? false } }
    }
}

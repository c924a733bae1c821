// SPDX-License-Identifier: Apache-2.0

/// A pattern for names or paths: `*` stands for any characters, also none, `?` for exactly one; all else for itself.
///
/// In a pattern for paths `*` and `?` stand for no slash, and `**` for any characters, slashes included.
package struct Glob: Sendable, Hashable, CustomStringConvertible {
    /// What the pattern is for.
    package enum Kind: Sendable {
        /// Names, in which a slash is a character like any other.
        case names
        /// Paths, whose segments a single `*` does not cross.
        case paths
    }

    /// The pattern as written.
    package let pattern: String
    private let bytes: [UInt8]
    private let kind: Kind

    /// Creates a pattern; every text is one.
    package init(_ pattern: String, for kind: Kind = .names) {
        self.pattern = pattern
        self.bytes = Array(pattern.utf8)
        self.kind = kind
    }

    package var description: String { self.pattern }

    /// Whether the whole text fits, letter case included.
    ///
    /// Takes at most pattern length x text length steps for names, and text length times as many for paths, whatever the
    /// pattern.
    package func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { self.matches($0) }
    }

    /// Where to go on when what follows a star does not fit: the star takes one byte more.
    private struct Star {
        /// Index in the pattern behind the star.
        var index: Int
        /// Position in the text up to which it takes.
        var position: Int
    }

    private func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var (position, index) = (0, 0)
        // Of stars of one reach only the last one matters: an earlier one that takes more leaves less for those behind it.
        var (far, near): (Star?, Star?) = (nil, nil)
        while position < text.count {
            if let star = self.star(at: index) {
                index += star.length
                if star.crossesSlashes {
                    (far, near) = (Star(index: index, position: position), nil)
                } else {
                    near = Star(index: index, position: position)
                }
            } else if let next = self.end(ofCharacterAt: position, in: text, fitting: index) {
                position = next
                index += 1
            } else if let star = near, text[star.position] != UInt8(ascii: "/") {
                near?.position += 1
                (index, position) = (star.index, star.position + 1)
            } else if let star = far {
                (far, near) = (Star(index: star.index, position: star.position + 1), nil)
                (index, position) = (star.index, star.position + 1)
            } else {
                return false
            }
        }
        return self.bytes[index...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    /// The star that begins at an index of the pattern, with all that follow it at once.
    private func star(at index: Int) -> (length: Int, crossesSlashes: Bool)? {
        var end = index
        while end < self.bytes.count, self.bytes[end] == UInt8(ascii: "*") { end += 1 }
        guard end > index else { return nil }
        return (end - index, self.kind == .names || end - index > 1)
    }

    /// Where the text goes on after what the pattern has at `index`, which is no star; `nil` if that doesn't fit.
    private func end(
        ofCharacterAt position: Int,
        in text: UnsafeBufferPointer<UInt8>,
        fitting index: Int
    ) -> Int? {
        guard index < self.bytes.count else { return nil }
        if self.bytes[index] == UInt8(ascii: "?"), self.kind == .names || text[position] != UInt8(ascii: "/") {
            var end = position + 1
            while end < text.count, text[end] & 0xC0 == 0x80 { end += 1 }
            return end
        }
        return self.bytes[index] == text[position] ? position + 1 : nil
    }
}

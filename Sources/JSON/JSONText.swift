// SPDX-License-Identifier: Apache-2.0

/// Text that grows at its end: bytes with room behind them, so that a piece of text takes one look at the room, not one for
/// each of its bytes.
struct JSONText: Sendable {
    private var buffer: [UInt8]
    private var count = 0

    /// Creates an empty text.
    init(capacity: Int) { self.buffer = Array(repeating: 0, count: capacity) }

    /// The text, in an array of its own size.
    var bytes: [UInt8] { Array(self.buffer[..<self.count]) }

    /// Writes one piece.
    ///
    /// - Parameters:
    ///   - most: The most bytes that it can have.
    ///   - body: Writes it.
    mutating func write(atMost most: Int, _ body: (inout Pen) -> Void) {
        if self.buffer.count - self.count < most {
            self.buffer.append(contentsOf: repeatElement(0, count: max(self.buffer.count, most)))
        }
        let start = self.count
        self.count = self.buffer.withUnsafeMutableBufferPointer { buffer in
            var pen = Pen(buffer, at: start)
            body(&pen)
            return pen.position
        }
    }

    /// Appends one byte.
    mutating func append(_ byte: UInt8) { self.write(atMost: 1) { $0.put(byte) } }

    /// Appends text that stands for itself.
    mutating func append(_ text: StaticString) { self.write(atMost: text.utf8CodeUnitCount) { $0.put(text) } }

    /// Appends bytes as they are.
    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) { self.write(atMost: bytes.count) { $0.put(bytes) } }

    /// Writes into the room behind a text.
    struct Pen: ~Copyable {
        private let buffer: UnsafeMutableBufferPointer<UInt8>
        /// Where the next byte goes.
        private(set) var position: Int

        fileprivate init(_ buffer: UnsafeMutableBufferPointer<UInt8>, at position: Int) {
            self.buffer = buffer
            self.position = position
        }

        /// Writes one byte.
        mutating func put(_ byte: UInt8) {
            self.buffer[self.position] = byte
            self.position += 1
        }

        /// Writes bytes as they are.
        mutating func put(_ bytes: UnsafeBufferPointer<UInt8>) {
            let end = self.position + bytes.count
            _ = UnsafeMutableBufferPointer(rebasing: self.buffer[self.position..<end]).update(fromContentsOf: bytes)
            self.position = end
        }

        /// Writes text that stands for itself.
        mutating func put(_ text: StaticString) {
            self.put(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        }

        /// Writes the digits of a number.
        mutating func put(digitsOf number: UInt) {
            var (length, rest) = (1, number / 10)
            while rest > 0 { (length, rest) = (length + 1, rest / 10) }
            rest = number
            for index in stride(from: self.position + length - 1, through: self.position, by: -1) {
                self.buffer[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
            self.position += length
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether a character outside of ASCII may be among them that drives terminals; `true` also for some that don't.
    ///
    /// In UTF-8 those begin with C2 (C1), D8 (U+061C) or E2 (U+200E to U+2069). Most texts are ASCII: eight bytes at a time.
    var mayDriveTerminals: Bool {
        let raw = UnsafeRawBufferPointer(self)
        var index = 0
        while index + 8 <= raw.count {
            guard raw.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 else { break }
            index += 8
        }
        return raw[index...].contains { $0 == 0xC2 || $0 == 0xD8 || $0 == 0xE2 }
    }

    /// Whether none of the bytes has to be escaped in a string: no control character, quote or backslash.
    ///
    /// Eight bytes at a time; see "Bit Twiddling Hacks", S. E. Anderson, "Determine if a word has a zero byte" and "... a byte
    /// less than n". Both also hold for bytes of other scripts.
    var needsNoEscape: Bool {
        let raw = UnsafeRawBufferPointer(self)
        let (ones, highs): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        var index = 0
        while index + 8 <= raw.count {
            let word = raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
            let escapes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
            let deletes = word ^ (ones &* 0x7F)
            let found =
                (quotes &- ones) & ~quotes | (escapes &- ones) & ~escapes | (deletes &- ones) & ~deletes
                | (word &- ones &* 0x20) & ~word
            guard found & highs == 0 else { return false }
            index += 8
        }
        while index < raw.count {
            let byte = raw[index]
            guard byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte != 0x7F else {
                return false
            }
            index += 1
        }
        return true
    }
}

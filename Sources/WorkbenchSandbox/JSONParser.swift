// SPDX-License-Identifier: Apache-2.0

/// Why some bytes are not JSON.
package struct JSONFailure: Error, Equatable, CustomStringConvertible {
    /// What was wrong, without any of the input.
    package let reason: String
    /// Bytes before the fault.
    package let offset: Int

    /// `reason at byte N`.
    package var description: String { "\(self.reason) at byte \(self.offset)" }
}

extension JSON {
    /// Deepest nesting that is read; what is deeper is refused, so that hostile input can't exhaust the stack.
    static let maximumDepth = 128

    /// Reads one JSON text (RFC 8259), with nothing but white space around it.
    ///
    /// - Throws: `JSONFailure` for anything else, for text that is not UTF-8, and beyond 128 levels of nesting.
    package init(parsing bytes: [UInt8]) throws(JSONFailure) {
        self = try bytes.withUnsafeBufferPointer { (buffer) throws(JSONFailure) -> JSON in
            var parser = JSONParser(bytes: buffer)
            return try parser.parseDocument()
        }
    }
}

/// Recursive descent over bytes that outlive it.
private struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0
    var depth = 0

    init(bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    mutating func parseDocument() throws(JSONFailure) -> JSON {
        let value = try self.parseValue()
        self.skipSpace()
        guard self.position == self.bytes.count else { throw self.failure("text after the value") }
        return value
    }

    private mutating func parseValue() throws(JSONFailure) -> JSON {
        self.skipSpace()
        guard let first = self.peek() else { throw self.failure("unexpected end") }
        switch first {
        case UInt8(ascii: "{"): return try self.nested { (parser) throws(JSONFailure) in try parser.parseObject() }
        case UInt8(ascii: "["): return try self.nested { (parser) throws(JSONFailure) in try parser.parseArray() }
        case UInt8(ascii: "\""): return .string(try self.parseString())
        case UInt8(ascii: "t"): return try self.parseWord("true", .bool(true))
        case UInt8(ascii: "f"): return try self.parseWord("false", .bool(false))
        case UInt8(ascii: "n"): return try self.parseWord("null", .null)
        default: return try self.parseNumber()
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(JSONFailure) -> JSON
    ) throws(JSONFailure) -> JSON {
        self.depth += 1
        guard self.depth <= JSON.maximumDepth else { throw self.failure("nested too deeply") }
        self.position += 1
        let value = try body(&self)
        self.depth -= 1
        return value
    }

    private mutating func parseObject() throws(JSONFailure) -> JSON {
        var members: [JSON.Member] = []
        if self.take(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            self.skipSpace()
            guard self.peek() == UInt8(ascii: "\"") else { throw self.failure("expected a member name") }
            let name = try self.parseString()
            guard self.take(UInt8(ascii: ":")) else { throw self.failure("expected ':'") }
            members.append(JSON.Member(name: name, value: try self.parseValue()))
        } while self.take(UInt8(ascii: ","))
        guard self.take(UInt8(ascii: "}")) else { throw self.failure("expected ',' or '}'") }
        return .object(members)
    }

    private mutating func parseArray() throws(JSONFailure) -> JSON {
        var elements: [JSON] = []
        if self.take(UInt8(ascii: "]")) { return .array(elements) }
        repeat {
            elements.append(try self.parseValue())
        } while self.take(UInt8(ascii: ","))
        guard self.take(UInt8(ascii: "]")) else { throw self.failure("expected ',' or ']'") }
        return .array(elements)
    }

    private mutating func parseWord(_ word: StaticString, _ value: JSON) throws(JSONFailure) -> JSON {
        let count = word.utf8CodeUnitCount
        guard self.position + count <= self.bytes.count else { throw self.failure("unexpected end") }
        for index in 0..<count where self.bytes[self.position + index] != word.utf8Start[index] {
            throw self.failure("unknown word")
        }
        self.position += count
        return value
    }

    private mutating func parseNumber() throws(JSONFailure) -> JSON {
        let start = self.position
        _ = self.takeHere(UInt8(ascii: "-"))
        let leadingZero = self.peek() == UInt8(ascii: "0")
        let digits = self.takeDigits()
        guard digits > 0 else { throw self.failure("expected a value") }
        guard !leadingZero || digits == 1 else { throw self.failure("leading zero") }
        var isWhole = true
        if self.takeHere(UInt8(ascii: ".")) {
            isWhole = false
            guard self.takeDigits() > 0 else { throw self.failure("expected a digit") }
        }
        if self.takeHere(UInt8(ascii: "e")) || self.takeHere(UInt8(ascii: "E")) {
            isWhole = false
            if !self.takeHere(UInt8(ascii: "+")) { _ = self.takeHere(UInt8(ascii: "-")) }
            guard self.takeDigits() > 0 else { throw self.failure("expected a digit") }
        }
        let text = String(decoding: self.bytes[start..<self.position], as: UTF8.self)
        if isWhole, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw self.failure("number out of range") }
        return .double(value)
    }

    private mutating func parseString() throws(JSONFailure) -> String {
        self.position += 1
        let start = self.position
        while let byte = self.peek() {
            switch byte {
            case UInt8(ascii: "\""):
                let text = try self.text(self.bytes[start..<self.position])
                self.position += 1
                return text
            case UInt8(ascii: "\\"): return try self.parseEscapedString(from: start)
            case 0..<0x20: throw self.failure("control character in a string")
            default: self.position += 1
            }
        }
        throw self.failure("unterminated string")
    }

    /// The rest of a string that has at least one escape; slower, and rare.
    private mutating func parseEscapedString(from start: Int) throws(JSONFailure) -> String {
        var unescaped = Array(self.bytes[start..<self.position])
        while let byte = self.peek() {
            self.position += 1
            switch byte {
            case UInt8(ascii: "\""):
                return try unescaped.withUnsafeBufferPointer { (buffer) throws(JSONFailure) in
                    try self.text(buffer[...])
                }
            case UInt8(ascii: "\\"): try self.parseEscape(into: &unescaped)
            case 0..<0x20: throw self.failure("control character in a string")
            default: unescaped.append(byte)
            }
        }
        throw self.failure("unterminated string")
    }

    private mutating func parseEscape(into unescaped: inout [UInt8]) throws(JSONFailure) {
        guard let letter = self.peek() else { throw self.failure("unterminated string") }
        self.position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(letter)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"): unescaped.append(contentsOf: String(try self.parseScalar()).utf8)
        default: throw self.failure("unknown escape")
        }
    }

    /// One `\u` escape, or two that form a surrogate pair; a lone surrogate becomes U+FFFD, as in Go.
    private mutating func parseScalar() throws(JSONFailure) -> Character {
        let first = try self.parseHex()
        if (0xD800..<0xDC00).contains(first), self.position + 1 < self.bytes.count,
            self.bytes[self.position] == UInt8(ascii: "\\"), self.bytes[self.position + 1] == UInt8(ascii: "u")
        {
            let rewind = self.position
            self.position += 2
            let second = try self.parseHex()
            if (0xDC00..<0xE000).contains(second),
                let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
            {
                return Character(scalar)
            }
            self.position = rewind
        }
        return Character(Unicode.Scalar(first) ?? "\u{FFFD}")
    }

    private mutating func parseHex() throws(JSONFailure) -> UInt32 {
        guard self.position + 4 <= self.bytes.count else { throw self.failure("unterminated escape") }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = hexadecimalValue(self.bytes[self.position]) else { throw self.failure("bad escape") }
            value = value << 4 | UInt32(digit)
            self.position += 1
        }
        return value
    }

    private func text(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) throws(JSONFailure) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw self.failure("not UTF-8") }
        return text
    }

    private func peek() -> UInt8? {
        self.position < self.bytes.count ? self.bytes[self.position] : nil
    }

    private mutating func skipSpace() {
        while let byte = self.peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            self.position += 1
        }
    }

    /// Takes that byte if it is the next one after white space.
    private mutating func take(_ byte: UInt8) -> Bool {
        self.skipSpace()
        return self.takeHere(byte)
    }

    private mutating func takeHere(_ byte: UInt8) -> Bool {
        guard self.peek() == byte else { return false }
        self.position += 1
        return true
    }

    private mutating func takeDigits() -> Int {
        let start = self.position
        while let byte = self.peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { self.position += 1 }
        return self.position - start
    }

    private func failure(_ reason: String) -> JSONFailure {
        JSONFailure(reason: reason, offset: self.position)
    }
}

/// The value of one hexadecimal digit in ASCII.
func hexadecimalValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}

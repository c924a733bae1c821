// SPDX-License-Identifier: Apache-2.0

import Values

/// What becomes of text that RFC 8259 allows and two readers could understand differently.
package enum JSONAmbiguity: Sendable {
    /// A name that comes twice in one object and half of a surrogate pair are faults.
    case refused
    /// As Go's decoder does: the last of equal names counts, half of a surrogate pair becomes U+FFFD.
    case resolved
}

extension JSONValue {
    /// Deepest nesting that is read unless told otherwise.
    package static let maximumDepth = 32

    /// Reads one JSON text (RFC 8259), with nothing but white space around it.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8; a byte order mark in front is passed over.
    ///   - maximumDepth: Levels of arrays and objects that are allowed; it bounds the stack that reading takes.
    ///   - ambiguity: What becomes of text that two readers could understand differently.
    /// - Throws: `JSONFailure` for anything else.
    package init(
        parsing bytes: [UInt8],
        maximumDepth: Int = JSONValue.maximumDepth,
        ambiguity: JSONAmbiguity = .refused
    ) throws(JSONFailure) {
        // Once for all, so that no string needs it; UTF-16 or a compressed body is told by this name, not as bad grammar.
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            guard error.kind != .truncatedScalar || error.byteOffsets.upperBound < bytes.count else {
                throw JSONFailure(kind: .truncated, reason: "the text ends inside a character", offset: bytes.count)
            }
            let reason = ByteOrderMark.isOfUTF16(bytes) ? "UTF-16, not UTF-8" : "not UTF-8"
            throw JSONFailure(kind: .notUTF8, reason: reason, offset: error.byteOffsets.lowerBound)
        }
        self = try bytes.withUnsafeBufferPointer { bytes throws(JSONFailure) in
            var parser = JSONParser(bytes: bytes, maximumDepth: maximumDepth, ambiguity: ambiguity)
            return try parser.parseDocument()
        }
    }
}

/// The members of one object while it is read.
///
/// Whether a name is there already is mostly settled by one bit; a linear search is next, and an index keeps a hostile
/// object from costing its square.
private struct MemberList {
    private(set) var members: [JSONValue.Member] = []
    /// A bit for each name so far, by its length and some of its bytes.
    private var marks: UInt64 = 0
    private var places: [String: Int] = [:]

    /// Where that name stands already.
    mutating func index(of name: String) -> Int? {
        let mark = Self.mark(of: name)
        guard self.marks & mark != 0 else {
            self.marks |= mark
            return nil
        }
        guard self.members.count >= 64 else { return self.members.firstIndex { $0.name == name } }
        if self.places.isEmpty {
            for (index, member) in self.members.enumerated() { self.places[member.name] = index }
        }
        return self.places[name]
    }

    /// Adds a member, or puts it in the place of the one there.
    mutating func put(_ member: JSONValue.Member, at index: Int?) {
        if let index {
            self.members[index] = member
        } else {
            if !self.places.isEmpty { self.places[member.name] = self.members.count }
            if self.members.isEmpty { self.members.reserveCapacity(8) }
            self.members.append(member)
        }
    }

    private static func mark(of name: String) -> UInt64 {
        var name = name
        let sum = name.withUTF8 { name -> Int in
            guard let first = name.first, let last = name.last else { return 0 }
            return name.count &* 7 &+ Int(first) &+ Int(last) &* 3 &+ Int(name[name.count / 2]) &* 5
        }
        return 1 << UInt64(sum & 63)
    }
}

/// Recursive descent over the bytes of one text, which is UTF-8.
///
/// Our own, because events are decoded on the hot path, `JSONDecoder` reads free-form JSON only by trying one type after
/// the other, and an error must say where it is. It looks at the bytes without a check of each index, which costs a third
/// of the time: `peek` is the one place that must not, and does not, look beyond the end.
private struct JSONParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let maximumDepth: Int
    private let ambiguity: JSONAmbiguity
    private var position = 0
    private var depth = 0

    init(bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int, ambiguity: JSONAmbiguity) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
        self.ambiguity = ambiguity
        if bytes.starts(with: ByteOrderMark.utf8) { self.position = ByteOrderMark.utf8.count }
    }

    mutating func parseDocument() throws(JSONFailure) -> JSONValue {
        let value = try self.parseValue()
        self.skipSpace()
        guard self.position == self.bytes.count else { throw self.failure("text after the value") }
        return value
    }

    private mutating func parseValue() throws(JSONFailure) -> JSONValue {
        self.skipSpace()
        guard let first = self.peek() else { throw self.failure("expected a value") }
        switch first {
        case UInt8(ascii: "{"): return try self.parseObject()
        case UInt8(ascii: "["): return try self.parseArray()
        case UInt8(ascii: "\""): return .string(try self.parseString())
        case UInt8(ascii: "t"): return try self.parseWord("true", .bool(true))
        case UInt8(ascii: "f"): return try self.parseWord("false", .bool(false))
        case UInt8(ascii: "n"): return try self.parseWord("null", .null)
        default: return try self.parseNumber()
        }
    }

    private mutating func descend() throws(JSONFailure) {
        guard self.depth < self.maximumDepth else {
            throw self.failure("nested deeper than \(self.maximumDepth) levels", kind: .tooDeep)
        }
        self.depth += 1
        self.position += 1
    }

    private mutating func parseObject() throws(JSONFailure) -> JSONValue {
        try self.descend()
        defer { self.depth -= 1 }
        var members = MemberList()
        if self.take(UInt8(ascii: "}")) { return .object([]) }
        repeat {
            self.skipSpace()
            guard self.peek() == UInt8(ascii: "\"") else {
                throw self.failure(self.foreign() ?? "expected a member's name")
            }
            let start = self.position
            let name = try self.parseString()
            let earlier = members.index(of: name)
            guard earlier == nil || self.ambiguity == .resolved else {
                throw JSONFailure(kind: .duplicateName, reason: "the same name twice in one object", offset: start)
            }
            guard self.take(UInt8(ascii: ":")) else { throw self.failure("expected ':'") }
            members.put(JSONValue.Member(name, try self.parseValue()), at: earlier)
        } while self.take(UInt8(ascii: ","))
        guard self.take(UInt8(ascii: "}")) else { throw self.failure("expected ',' or '}'") }
        return .object(members.members)
    }

    private mutating func parseArray() throws(JSONFailure) -> JSONValue {
        try self.descend()
        defer { self.depth -= 1 }
        var elements: [JSONValue] = []
        if self.take(UInt8(ascii: "]")) { return .array(elements) }
        repeat {
            elements.append(try self.parseValue())
        } while self.take(UInt8(ascii: ","))
        guard self.take(UInt8(ascii: "]")) else { throw self.failure("expected ',' or ']'") }
        return .array(elements)
    }

    private mutating func parseWord(_ word: StaticString, _ value: JSONValue) throws(JSONFailure) -> JSONValue {
        for index in 0..<word.utf8CodeUnitCount {
            guard self.takeHere(word.utf8Start[index]) else { throw self.failure("unknown word") }
        }
        return value
    }

    private mutating func parseNumber() throws(JSONFailure) -> JSONValue {
        let start = self.position
        _ = self.takeHere(UInt8(ascii: "-"))
        let leadingZero = self.peek() == UInt8(ascii: "0")
        let digits = self.takeDigits()
        guard digits > 0 else {
            guard let foreign = self.foreign(at: start) else { throw self.failure("expected a value") }
            throw JSONFailure(kind: .malformed, reason: foreign, offset: start)
        }
        guard !leadingZero || digits == 1 else { throw self.failure("a number with a leading zero") }
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
        if isWhole, let value = self.integer(from: start) { return .integer(value) }
        let text = self.text(from: start)
        guard let value = Double(text), value.isFinite else {
            throw JSONFailure(kind: .malformed, reason: "a number beyond the range of a double", offset: start)
        }
        return .double(value)
    }

    /// The whole number between `start` and here, which is `-` and digits; `nil` for one beyond 64 bits.
    private func integer(from start: Int) -> Int64? {
        guard self.position - start <= 18 else { return Int64(self.text(from: start)) }
        let isNegative = self.bytes[start] == UInt8(ascii: "-")
        var value: Int64 = 0
        for byte in self.bytes[(isNegative ? start + 1 : start)..<self.position] {
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return isNegative ? -value : value
    }

    private func text(from start: Int) -> String {
        String(decoding: UnsafeBufferPointer(rebasing: self.bytes[start..<self.position]), as: UTF8.self)
    }

    private mutating func parseString() throws(JSONFailure) -> String {
        self.position += 1
        let start = self.position
        self.skipPlainWords()
        while let byte = self.peek() {
            switch byte {
            case UInt8(ascii: "\""):
                let text = self.text(from: start)
                self.position += 1
                return text
            case UInt8(ascii: "\\"): return try self.parseEscapedString(from: start)
            case 0..<0x20: throw self.failure("a control character in a string")
            default: self.position += 1
            }
        }
        throw self.failure("a string without end")
    }

    /// Goes on by eight bytes as long as none of them ends a string, begins an escape or is a control character.
    ///
    /// A byte is found to be zero, or below another, in all eight at once; see "Bit Twiddling Hacks", S. E. Anderson,
    /// "Determine if a word has a zero byte" and "... a byte less than n". Both also hold for bytes of other scripts.
    private mutating func skipPlainWords() {
        let raw = UnsafeRawBufferPointer(self.bytes)
        let (ones, highs): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        while self.position + 8 <= raw.count {
            let word = raw.loadUnaligned(fromByteOffset: self.position, as: UInt64.self)
            let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
            let escapes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
            let found =
                (quotes &- ones) & ~quotes | (escapes &- ones) & ~escapes | (word &- ones &* 0x20) & ~word
            guard found & highs == 0 else { return }
            self.position += 8
        }
    }

    /// The rest of a string that has escapes; everything before the first one stands as it is.
    private mutating func parseEscapedString(from start: Int) throws(JSONFailure) -> String {
        var unescaped = Array(self.bytes[start..<self.position])
        while let byte = self.peek() {
            switch byte {
            case UInt8(ascii: "\""):
                self.position += 1
                return String(decoding: unescaped, as: UTF8.self)
            case UInt8(ascii: "\\"):
                self.position += 1
                try self.parseEscape(into: &unescaped)
            case 0..<0x20: throw self.failure("a control character in a string")
            default:
                unescaped.append(byte)
                self.position += 1
            }
        }
        throw self.failure("a string without end")
    }

    private mutating func parseEscape(into unescaped: inout [UInt8]) throws(JSONFailure) {
        guard let letter = self.peek() else { throw self.failure("a string without end") }
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(letter)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"):
            self.position += 1
            let scalar = try self.parseScalar()
            unescaped.append(contentsOf: Unicode.UTF8.encode(scalar) ?? Unicode.UTF8.encodedReplacementCharacter)
            return
        default: throw self.failure("an unknown escape")
        }
        self.position += 1
    }

    /// The digits of one `\u` escape, or of two that form a surrogate pair.
    private mutating func parseScalar() throws(JSONFailure) -> Unicode.Scalar {
        let first = try self.parseHexadecimalDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        let end = self.position
        if first < 0xDC00, self.takeHere(UInt8(ascii: "\\")), self.takeHere(UInt8(ascii: "u")) {
            let second = try self.parseHexadecimalDigits()
            if (0xDC00..<0xE000).contains(second),
                let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
            {
                return scalar
            }
        }
        guard self.ambiguity == .resolved else { throw self.failure("half of a surrogate pair") }
        self.position = end
        return "\u{FFFD}"
    }

    private mutating func parseHexadecimalDigits() throws(JSONFailure) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = self.peek().flatMap(Hex.value) else {
                throw self.failure("expected four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            self.position += 1
        }
        return value
    }

    /// Names what stands there, or here, if other languages write it and JSON does not have it; nobody finds the cause of
    /// Python's `NaN` or of a printed dictionary by the place alone.
    private func foreign(at place: Int? = nil) -> String? {
        let rest = self.bytes[(place ?? self.position)...]
        if rest.first == UInt8(ascii: "'") { return "a text in single quotes" }
        let words = ["NaN", "Infinity", "-Infinity", "None", "True", "False", "undefined"]
        return words.first { rest.starts(with: $0.utf8) }.map { "\($0) is not JSON" }
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

    /// A fault here; at the end of the text it is that the text is too short.
    private func failure(_ reason: String, kind: JSONFailure.Kind = .malformed) -> JSONFailure {
        guard self.position < self.bytes.count || kind != .malformed else {
            return JSONFailure(kind: .truncated, reason: "the text ends: \(reason)", offset: self.position)
        }
        return JSONFailure(kind: kind, reason: reason, offset: self.position)
    }
}

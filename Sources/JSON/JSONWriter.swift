// SPDX-License-Identifier: Apache-2.0

import Values

/// Appends JSON text to bytes, without any intermediate value.
///
/// An optional field that is `nil` is left out. The writer puts commas and escapes; the caller keeps fields inside
/// objects and bare values inside arrays.
package struct JSONWriter: Sendable {
    /// The text so far.
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// Creates a writer of an empty text.
    package init(reservingCapacity capacity: Int = 1024) { self.bytes.reserveCapacity(capacity) }

    /// Returns the text of one object.
    package static func object(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.object(body)
        return writer.bytes
    }
}

// MARK: Fields of an object

extension JSONWriter {
    /// Writes a field that holds an object.
    package mutating func object(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
        self.name(name)
        self.object(body)
    }

    /// Writes a field that holds an array.
    package mutating func array(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
        self.name(name)
        self.array(body)
    }

    /// Writes a text field, unless it is `nil`.
    package mutating func field(_ name: StaticString, _ text: String?) {
        guard let text else { return }
        self.name(name)
        self.string(text)
    }

    /// Writes a whole number field, unless it is `nil`.
    package mutating func field(_ name: StaticString, _ number: (some BinaryInteger)?) {
        guard let number else { return }
        self.name(name)
        self.integer(number)
    }

    /// Writes a whole number field of the usual type, for which the general function is not specialised in other targets.
    package mutating func field(_ name: StaticString, _ number: Int?) {
        guard let number else { return }
        self.name(name)
        self.integer(number)
    }

    /// Writes a whole number field of a time's type, likewise.
    package mutating func field(_ name: StaticString, _ number: Int64?) { self.field(name, number.map { Int($0) }) }

    /// Writes a whole number field of a partition's type, likewise.
    package mutating func field(_ name: StaticString, _ number: Int32?) { self.field(name, number.map { Int($0) }) }

    /// Writes a number field, unless it is `nil`.
    package mutating func field(_ name: StaticString, _ number: Double?) {
        guard let number else { return }
        self.name(name)
        self.double(number)
    }

    /// Writes a boolean field, unless it is `nil`.
    package mutating func field(_ name: StaticString, _ flag: Bool?) {
        guard let flag else { return }
        self.name(name)
        self.bool(flag)
    }

    /// Writes a field of any value, unless it is `nil`.
    package mutating func field(_ name: StaticString, _ value: JSONValue?) {
        guard let value else { return }
        self.name(name)
        self.value(value)
    }

    /// Writes a field whose name is only known at run time.
    package mutating func field<Failure: Error>(
        named name: String,
        _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        self.name(named: name)
        try body(&self)
    }

    /// Writes a field's name that is only known at run time; its value comes next.
    package mutating func name(named name: String) {
        self.beginValue()
        self.quote(name)
        self.bytes.append(UInt8(ascii: ":"))
        self.needsComma = false
    }

    /// Writes a field that holds an object of texts, in the order of their names.
    package mutating func texts(_ name: StaticString, _ texts: [String: String]) {
        self.name(name)
        self.texts(texts)
    }

    /// Writes a field's name; its value comes next.
    package mutating func name(_ name: StaticString) {
        self.beginValue()
        self.bytes.append(UInt8(ascii: "\""))
        self.bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        self.bytes.append(UInt8(ascii: "\""))
        self.bytes.append(UInt8(ascii: ":"))
        self.needsComma = false
    }
}

// MARK: Bare values

extension JSONWriter {
    /// Writes an object.
    package mutating func object<Failure: Error>(
        _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        self.beginObject()
        try body(&self)
        self.endObject()
    }

    /// Writes an array.
    package mutating func array<Failure: Error>(
        _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        self.beginArray()
        try body(&self)
        self.endArray()
    }

    /// Writes a string.
    package mutating func string(_ text: String) {
        self.beginValue()
        self.quote(text)
    }

    /// Writes a whole number.
    package mutating func integer(_ number: some BinaryInteger) {
        self.beginValue()
        self.bytes.append(contentsOf: String(number).utf8)
    }

    /// Writes a whole number of the usual type, for which the general function is not specialised in other targets.
    package mutating func integer(_ number: Int) {
        self.beginValue()
        self.bytes.append(contentsOf: String(number).utf8)
    }

    /// Writes a number, a whole one without fraction; what JSON can't hold (infinite, not a number) becomes `null`.
    package mutating func double(_ number: Double) {
        if let whole = Int64(exactly: number), whole.magnitude < 1 << 53 { return self.integer(whole) }
        self.beginValue()
        self.bytes.append(contentsOf: number.isFinite ? number.description.utf8 : "null".utf8)
    }

    /// Writes a number just as it is given, which keeps `30.0` from becoming `30`.
    ///
    /// - Parameter number: A number as JSON writes it.
    package mutating func number(verbatim number: String) {
        self.beginValue()
        self.bytes.append(contentsOf: number.utf8)
    }

    /// Writes a boolean.
    package mutating func bool(_ flag: Bool) {
        self.beginValue()
        self.bytes.append(contentsOf: flag ? "true".utf8 : "false".utf8)
    }

    /// Writes `null`.
    package mutating func null() {
        self.beginValue()
        self.bytes.append(contentsOf: "null".utf8)
    }

    /// Writes an object of texts, in the order of their names.
    package mutating func texts(_ texts: [String: String]) {
        self.object { writer in
            for (key, text) in texts.sorted(by: { $0.key < $1.key }) {
                writer.field(named: key) { $0.string(text) }
            }
        }
    }

    /// Writes any value.
    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: self.null()
        case .bool(let flag): self.bool(flag)
        case .integer(let number): self.integer(number)
        case .double(let number): self.double(number)
        case .string(let text): self.string(text)
        case .array(let elements):
            self.array { writer in
                for element in elements { writer.value(element) }
            }
        case .object(let members):
            self.object { writer in
                for member in members { writer.field(named: member.name) { $0.value(member.value) } }
            }
        }
    }

    /// Begins an object; `endObject` ends it.
    package mutating func beginObject() { self.open(UInt8(ascii: "{")) }

    /// Ends what `beginObject` began.
    package mutating func endObject() { self.close(UInt8(ascii: "}")) }

    /// Begins an array; `endArray` ends it.
    package mutating func beginArray() { self.open(UInt8(ascii: "[")) }

    /// Ends what `beginArray` began.
    package mutating func endArray() { self.close(UInt8(ascii: "]")) }

    private mutating func open(_ bracket: UInt8) {
        self.beginValue()
        self.bytes.append(bracket)
        self.needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        self.bytes.append(bracket)
        self.needsComma = true
    }

    private mutating func beginValue() {
        if self.needsComma { self.bytes.append(UInt8(ascii: ",")) }
        self.needsComma = true
    }

    /// Appends a string with its quotes; control characters are escaped, all else stays as it is.
    private mutating func quote(_ text: String) {
        self.bytes.append(UInt8(ascii: "\""))
        // Most texts need no escape, and go in as they are.
        let isPlain = text.utf8.withContiguousStorageIfAvailable { utf8 in
            guard utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C && $0 != 0x7F }) else { return false }
            self.bytes.append(contentsOf: utf8)
            return true
        }
        if isPlain != true { self.escape(text) }
        self.bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                self.bytes.append(UInt8(ascii: "\\"))
                self.bytes.append(byte)
            case 0x0A: self.bytes.append(contentsOf: "\\n".utf8)
            case 0x0D: self.bytes.append(contentsOf: "\\r".utf8)
            case 0x09: self.bytes.append(contentsOf: "\\t".utf8)
            case 0..<0x20, 0x7F:
                self.bytes.append(contentsOf: "\\u00".utf8)
                self.bytes.append(Hex.digit(byte >> 4))
                self.bytes.append(Hex.digit(byte))
            default: self.bytes.append(byte)
            }
        }
    }
}

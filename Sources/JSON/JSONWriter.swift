// SPDX-License-Identifier: Apache-2.0

import Values

/// Appends JSON text to bytes, without any intermediate value.
///
/// An optional field that is `nil` is left out. The writer puts commas and escapes; the caller keeps fields inside
/// objects and bare values inside arrays.
package struct JSONWriter: Sendable {
    private var text: JSONText
    private var needsComma = false

    /// The text so far.
    package var bytes: [UInt8] { self.text.bytes }

    /// Creates a writer of an empty text.
    ///
    /// By default the room is just what glibc still keeps at hand for the next one.
    package init(reservingCapacity capacity: Int = 960) { self.text = JSONText(capacity: capacity) }

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

    /// Writes a text field of bytes that need no escape, such as digits.
    package mutating func field(_ name: StaticString, plain bytes: [UInt8]) {
        self.name(name)
        self.string(plain: bytes)
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
        self.text.append(UInt8(ascii: ":"))
        self.needsComma = false
    }

    /// Writes a field that holds an object of texts, in the order of their names.
    package mutating func texts(_ name: StaticString, _ texts: [String: String]) {
        self.name(name)
        self.texts(texts)
    }

    /// Writes a field's name; its value comes next.
    package mutating func name(_ name: StaticString) {
        let needsComma = self.needsComma
        self.text.write(atMost: name.utf8CodeUnitCount + 4) { pen in
            if needsComma { pen.put(UInt8(ascii: ",")) }
            pen.put(UInt8(ascii: "\""))
            pen.put(name)
            pen.put(UInt8(ascii: "\""))
            pen.put(UInt8(ascii: ":"))
        }
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

    /// Writes a string of bytes that need no escape, such as digits.
    package mutating func string(plain bytes: [UInt8]) {
        self.beginValue()
        bytes.withUnsafeBufferPointer { self.putQuoted($0) }
    }

    /// Writes a whole number.
    package mutating func integer(_ number: some BinaryInteger) { self.number(verbatim: String(number)) }

    /// Writes a whole number of the usual type, for which the general function is not specialised in other targets.
    package mutating func integer(_ number: Int) {
        self.beginValue()
        self.text.write(atMost: 20) { pen in
            if number < 0 { pen.put(UInt8(ascii: "-")) }
            pen.put(digitsOf: number.magnitude)
        }
    }

    /// Writes a number, a whole one without fraction; what JSON can't hold (infinite, not a number) becomes `null`.
    package mutating func double(_ number: Double) {
        if let whole = Int64(exactly: number), whole.magnitude < 1 << 53 { return self.integer(whole) }
        guard number.isFinite else { return self.null() }
        self.number(verbatim: number.description)
    }

    /// Writes a number just as it is given, which keeps `30.0` from becoming `30`.
    ///
    /// - Parameter number: A number as JSON writes it.
    package mutating func number(verbatim number: String) {
        self.beginValue()
        var number = number
        number.withUTF8 { self.text.append($0) }
    }

    /// Writes a boolean.
    package mutating func bool(_ flag: Bool) {
        self.beginValue()
        self.text.append(flag ? "true" : "false")
    }

    /// Writes `null`.
    package mutating func null() {
        self.beginValue()
        self.text.append("null")
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
        self.text.append(bracket)
        self.needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        self.text.append(bracket)
        self.needsComma = true
    }

    private mutating func beginValue() {
        if self.needsComma { self.text.append(UInt8(ascii: ",")) }
        self.needsComma = true
    }

    /// Appends a string with its quotes.
    ///
    /// Escaped are the control characters of C0 and C1, and the marks that turn the direction of writing or end a line: what is
    /// written here is also shown on terminals. All else stays as it is.
    private mutating func quote(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            let mayDriveTerminals = utf8.mayDriveTerminals
            // Most texts need no escape, and go in as they are.
            guard mayDriveTerminals || !utf8.needsNoEscape else { return self.putQuoted(utf8) }
            self.text.append(UInt8(ascii: "\""))
            if mayDriveTerminals {
                for scalar in String(decoding: utf8, as: UTF8.self).unicodeScalars { self.escape(scalar) }
            } else {
                for byte in utf8 { self.escape(byte) }
            }
            self.text.append(UInt8(ascii: "\""))
        }
    }

    private mutating func escape(_ scalar: Unicode.Scalar) {
        guard scalar.drivesTerminals, !scalar.isASCII, let unit = UInt16(exactly: scalar.value) else {
            for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { self.escape(byte) }
            return
        }
        self.text.append("\\u")
        for shift: UInt16 in [12, 8, 4, 0] { self.text.append(Hex.digit(UInt8(unit >> shift & 0xF))) }
    }

    private mutating func putQuoted(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.text.write(atMost: bytes.count + 2) { pen in
            pen.put(UInt8(ascii: "\""))
            pen.put(bytes)
            pen.put(UInt8(ascii: "\""))
        }
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): self.text.append("\\\"")
        case UInt8(ascii: "\\"): self.text.append("\\\\")
        case 0x0A: self.text.append("\\n")
        case 0x0D: self.text.append("\\r")
        case 0x09: self.text.append("\\t")
        case 0..<0x20, 0x7F:
            self.text.append("\\u00")
            self.text.append(Hex.digit(byte >> 4))
            self.text.append(Hex.digit(byte))
        default: self.text.append(byte)
        }
    }
}

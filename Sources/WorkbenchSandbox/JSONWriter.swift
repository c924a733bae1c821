// SPDX-License-Identifier: Apache-2.0

/// How a reply's JSON deviates from the usual one, to harden clients.
package struct Rendering: Sendable, Equatable {
    /// Leaves fields with zero values out.
    package var isSparse = false
    /// Lists run backwards.
    package var isReversed = false
    /// Status words in capitals.
    package var hasUpperCaseStatus = false
    /// Stands in for every status word.
    package var statusWord: String?
    /// A list's next page token is the one of the request, or that of the first page.
    package var repeatsPageToken = false

    /// The usual rendering.
    package init() {}
}

/// Appends JSON text to bytes, without any intermediate value.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    let rendering: Rendering
    private var needsComma = false

    init(rendering: Rendering = Rendering(), capacity: Int = 1024) {
        self.rendering = rendering
        self.bytes.reserveCapacity(capacity)
    }

    /// Text of one object.
    static func object(rendering: Rendering = Rendering(), _ body: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter(rendering: rendering)
        writer.object(body)
        return writer.bytes
    }

    mutating func object(_ body: (inout JSONWriter) -> Void) {
        self.open("{")
        body(&self)
        self.close("}")
    }

    mutating func array(_ body: (inout JSONWriter) -> Void) {
        self.open("[")
        body(&self)
        self.close("]")
    }

    mutating func object(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
        self.name(name)
        self.object(body)
    }

    mutating func array(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
        self.name(name)
        self.array(body)
    }

    mutating func strings(_ name: StaticString, _ values: [String]) {
        guard !(self.rendering.isSparse && values.isEmpty) else { return }
        self.array(name) { writer in
            for value in values { writer.string(value) }
        }
    }

    mutating func string(_ name: StaticString, _ value: String) {
        guard !(self.rendering.isSparse && value.isEmpty) else { return }
        self.name(name)
        self.string(value)
    }

    /// A status word, subject to the rendering.
    mutating func status(_ word: String) {
        self.string(
            "status",
            self.rendering.statusWord ?? (self.rendering.hasUpperCaseStatus ? word.uppercased() : word)
        )
    }

    mutating func int32(_ name: StaticString, _ value: Int32) {
        guard !(self.rendering.isSparse && value == 0) else { return }
        self.name(name)
        self.integer(Int64(value))
    }

    /// A 64-bit integer, which proto3 JSON writes as a string.
    mutating func int64(_ name: StaticString, _ value: Int64) {
        guard !(self.rendering.isSparse && value == 0) else { return }
        self.name(name)
        self.string(String(value))
    }

    mutating func count(_ name: StaticString, _ value: Int) {
        self.name(name)
        self.integer(Int64(value))
    }

    mutating func double(_ name: StaticString, _ value: Double) {
        guard !(self.rendering.isSparse && value == 0) else { return }
        self.name(name)
        self.double(value)
    }

    mutating func bool(_ name: StaticString, _ value: Bool) {
        guard value || !self.rendering.isSparse else { return }
        self.name(name)
        self.literal(value ? "true" : "false")
    }

    /// A time; `null` where it is not set.
    mutating func time(_ name: StaticString, _ value: WallTime?) {
        guard let value else { return self.null(name) }
        self.name(name)
        self.beginValue()
        self.bytes.append(UInt8(ascii: "\""))
        value.write(to: &self.bytes)
        self.bytes.append(UInt8(ascii: "\""))
    }

    mutating func null(_ name: StaticString) {
        guard !self.rendering.isSparse else { return }
        self.name(name)
        self.literal("null")
    }

    mutating func string(_ value: String) {
        self.beginValue()
        appendQuoted(value, to: &self.bytes)
    }

    mutating func integer(_ value: Int64) {
        self.beginValue()
        self.bytes.append(contentsOf: String(value).utf8)
    }

    mutating func double(_ value: Double) {
        self.beginValue()
        if let whole = Int64(exactly: value), abs(whole) < 1 << 53 {
            self.bytes.append(contentsOf: String(whole).utf8)
        } else if value.isFinite {
            self.bytes.append(contentsOf: value.description.utf8)
        } else {
            self.bytes.append(
                contentsOf: value.isNaN ? "\"NaN\"".utf8 : value > 0 ? "\"Infinity\"".utf8 : "\"-Infinity\"".utf8
            )
        }
    }

    mutating func value(_ name: StaticString, _ value: JSON) {
        self.name(name)
        self.value(value)
    }

    mutating func value(_ value: JSON) {
        switch value {
        case .null: self.literal("null")
        case .bool(let value): self.literal(value ? "true" : "false")
        case .integer(let value): self.integer(value)
        case .double(let value): self.double(value)
        case .string(let text): self.string(text)
        case .array(let elements):
            self.array { writer in
                for element in elements { writer.value(element) }
            }
        case .object(let members):
            self.object { writer in
                for member in members { writer.member(member.name) { $0.value(member.value) } }
            }
        }
    }

    /// A member whose name is not known when this is compiled.
    mutating func member(_ name: String, _ body: (inout JSONWriter) -> Void) {
        self.beginValue()
        appendQuoted(name, to: &self.bytes)
        self.bytes.append(UInt8(ascii: ":"))
        self.needsComma = false
        body(&self)
    }

    private mutating func name(_ name: StaticString) {
        self.beginValue()
        self.bytes.append(UInt8(ascii: "\""))
        self.bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        self.bytes.append(UInt8(ascii: "\""))
        self.bytes.append(UInt8(ascii: ":"))
        self.needsComma = false
    }

    private mutating func literal(_ text: StaticString) {
        self.beginValue()
        self.bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func open(_ bracket: Unicode.Scalar) {
        self.beginValue()
        self.bytes.append(UInt8(ascii: bracket))
        self.needsComma = false
    }

    private mutating func close(_ bracket: Unicode.Scalar) {
        self.bytes.append(UInt8(ascii: bracket))
        self.needsComma = true
    }

    private mutating func beginValue() {
        if self.needsComma { self.bytes.append(UInt8(ascii: ",")) }
        self.needsComma = true
    }
}

/// Appends a JSON string with its quotes; control characters are escaped, all else stays as it is.
private func appendQuoted(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        case 0x0A: bytes.append(contentsOf: "\\n".utf8)
        case 0x0D: bytes.append(contentsOf: "\\r".utf8)
        case 0x09: bytes.append(contentsOf: "\\t".utf8)
        case 0..<0x20:
            bytes.append(contentsOf: "\\u00".utf8)
            bytes.append(hexadecimalDigit(byte >> 4))
            bytes.append(hexadecimalDigit(byte & 15))
        default: bytes.append(byte)
        }
    }
    bytes.append(UInt8(ascii: "\""))
}

/// The lower-case hexadecimal digit of `0...15` in ASCII.
func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}

// SPDX-License-Identifier: Apache-2.0

import JSON
import Values

/// Writes JSON as the workbench's gateway does: proto3 fields, zero values included unless the rendering leaves them out.
struct ProtoWriter {
    private var json: JSONWriter
    let rendering: Rendering

    init(rendering: Rendering = Rendering(), capacity: Int = 1024) {
        self.rendering = rendering
        self.json = JSONWriter(reservingCapacity: capacity)
    }

    /// The text so far.
    var bytes: [UInt8] { self.json.bytes }

    /// Text of one object.
    static func object(rendering: Rendering = Rendering(), _ body: (inout ProtoWriter) -> Void) -> [UInt8] {
        var writer = ProtoWriter(rendering: rendering)
        writer.object(body)
        return writer.bytes
    }
}

// MARK: Fields of an object

extension ProtoWriter {
    mutating func object(_ name: StaticString, _ body: (inout ProtoWriter) -> Void) {
        self.json.name(name)
        self.object(body)
    }

    mutating func array(_ name: StaticString, _ body: (inout ProtoWriter) -> Void) {
        self.json.name(name)
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
        self.json.name(name)
        self.json.string(value)
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
        self.count(name, Int(value))
    }

    /// A 64-bit integer, which proto3 JSON writes as a string.
    mutating func int64(_ name: StaticString, _ value: Int64) {
        guard !(self.rendering.isSparse && value == 0) else { return }
        self.json.name(name)
        self.json.string(String(value))
    }

    /// A whole number that is written also where it is zero.
    mutating func count(_ name: StaticString, _ value: Int) {
        self.json.name(name)
        self.json.integer(value)
    }

    /// A number, as `number` has it.
    mutating func double(_ name: StaticString, _ value: Double) {
        guard !(self.rendering.isSparse && value == 0) else { return }
        self.json.name(name)
        self.number(value)
    }

    mutating func bool(_ name: StaticString, _ value: Bool) {
        guard value || !self.rendering.isSparse else { return }
        self.json.name(name)
        self.json.bool(value)
    }

    /// A time; `null` where it is not set.
    mutating func time(_ name: StaticString, _ value: Timestamp?) {
        guard let value else { return self.null(name) }
        self.json.name(name)
        self.json.string(value.shortestRFC3339)
    }

    mutating func null(_ name: StaticString) {
        guard !self.rendering.isSparse else { return }
        self.json.name(name)
        self.json.null()
    }

    mutating func value(_ name: StaticString, _ value: JSONValue) {
        self.json.name(name)
        self.json.value(value)
    }

    /// A member whose name is not known when this is compiled.
    mutating func member(_ name: String, _ body: (inout ProtoWriter) -> Void) {
        self.json.name(named: name)
        body(&self)
    }
}

// MARK: Bare values

extension ProtoWriter {
    mutating func object(_ body: (inout ProtoWriter) -> Void) {
        self.json.beginObject()
        body(&self)
        self.json.endObject()
    }

    mutating func array(_ body: (inout ProtoWriter) -> Void) {
        self.json.beginArray()
        body(&self)
        self.json.endArray()
    }

    mutating func string(_ value: String) {
        self.json.string(value)
    }

    /// A number; what JSON has no number for is written as a string, as proto3 JSON does.
    mutating func number(_ value: Double) {
        if value.isFinite {
            self.json.double(value)
        } else {
            self.json.string(value.isNaN ? "NaN" : value > 0 ? "Infinity" : "-Infinity")
        }
    }
}

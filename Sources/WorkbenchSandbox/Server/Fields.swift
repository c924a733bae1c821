// SPDX-License-Identifier: Apache-2.0

import JSON
import Values

/// Reads a request body whose types have been checked; an absent field has its type's zero value.
struct Fields {
    let value: JSONValue

    static let empty = Fields(value: .object([]))

    /// Whether the field was sent with a value.
    func has(_ name: String) -> Bool {
        switch self.value[name] {
        case nil, .some(.null): false
        default: true
        }
    }

    func string(_ name: String) -> String {
        self.value[name]?.text ?? ""
    }

    /// A required string.
    func required(_ name: String) throws(APIFailure) -> String {
        let text = self.string(name)
        guard !text.isEmpty else { throw .invalid("\(name) is required") }
        return text
    }

    func bool(_ name: String) -> Bool {
        self.value[name] == .bool(true)
    }

    func int32(_ name: String) -> Int32 {
        Int32(truncatingIfNeeded: self.int64(name))
    }

    func int64(_ name: String) -> Int64 {
        self.value[name]?.protoWholeNumber ?? 0
    }

    func double(_ name: String) -> Double? {
        self.value[name]?.protoNumber
    }

    func time(_ name: String) -> Timestamp? {
        self.value[name]?.text.flatMap { Timestamp(rfc3339: $0, in: .microseconds) }
    }

    func strings(_ name: String) -> [String] {
        self.value[name]?.elements?.compactMap(\.text) ?? []
    }

    func map(_ name: String) -> [KeyValue] {
        self.value[name]?.members?.compactMap { member in
            member.value.text.map { KeyValue(key: member.name, value: $0) }
        } ?? []
    }

    func tags(_ name: String) -> [KeyValue] {
        self.messages(name).map { KeyValue(key: $0.string("key"), value: $0.string("value")) }
    }

    func messages(_ name: String) -> [Fields] {
        self.value[name]?.elements?.map(Fields.init) ?? []
    }

    func message(_ name: String) -> Fields? {
        self.has(name) ? self.value[name].map(Fields.init) : nil
    }

    /// A word of an enumeration, also where its number was sent.
    func word(_ name: String, of words: [String]) -> String? {
        guard let value = self.value[name] else { return nil }
        if let text = value.text { return text }
        return value.protoWholeNumber.flatMap { number in
            words.indices.contains(Int(truncatingIfNeeded: number)) ? words[Int(number)] : nil
        }
    }
}

/// A key and its value: a tag, a parameter or an environment variable.
struct KeyValue: Sendable, Equatable {
    let key: String
    let value: String
}

extension [KeyValue] {
    /// The value of that key.
    func value(of key: String) -> String? {
        self.first { $0.key == key }?.value
    }

    /// Sets each of those keys, keeping the place of those that exist.
    mutating func merge(_ others: [KeyValue]) {
        for other in others {
            if let index = self.firstIndex(where: { $0.key == other.key }) {
                self[index] = other
            } else {
                self.append(other)
            }
        }
    }
}

extension ProtoWriter {
    mutating func tags(_ name: StaticString, _ tags: [KeyValue]) {
        guard !(self.rendering.isSparse && tags.isEmpty) else { return }
        self.array(name) { writer in
            for tag in tags {
                writer.object { writer in
                    writer.string("key", tag.key)
                    writer.string("value", tag.value)
                }
            }
        }
    }

    /// A map as text: the API takes `environment` as a map and gives it back as a string of JSON.
    mutating func mapText(_ name: StaticString, _ map: [KeyValue]) {
        let text = ProtoWriter.object { writer in
            for entry in map { writer.member(entry.key) { $0.string(entry.value) } }
        }
        self.string(name, String(decoding: text, as: UTF8.self))
    }
}

// SPDX-License-Identifier: Apache-2.0

import Notation
import Values

/// What the value of a setting must be.
package enum SettingType: Sendable, Equatable {
    /// Any text that is not empty.
    case text
    /// `true` or `false`.
    case flag
    /// A whole number.
    case integer(ClosedRange<Int>)
    /// A decimal number.
    case number(ClosedRange<Double>)
    /// A duration with a unit, such as `30s`.
    case duration(ClosedRange<Duration>)
    /// A number of bytes, such as `256KiB`.
    case bytes(ClosedRange<Int>)
    /// A `host:port`.
    case address
    /// The path of a file.
    case path
    /// An address that begins with `http://` or `https://`.
    case url
    /// The name of a Kafka topic.
    case topic
    /// The names of one or several Kafka topics, with commas between them; in the file also as a list.
    case topics
    /// One of a few words.
    case choice([String])
    /// One of a few words, or a time as RFC 3339 writes it.
    case choiceOrTime([String])

    /// What is allowed, for messages: `a whole number from 1 to 10`.
    package var expectation: String {
        switch self {
        case .text: "a text"
        case .flag: "true or false"
        case .integer(let range) where range == Int.min...Int.max: "a whole number"
        case .integer(let range): "a whole number \(self.range(range))"
        case .number(let range) where range.upperBound == .greatestFiniteMagnitude:
            "a number" + (range.lowerBound == -.greatestFiniteMagnitude ? "" : " from \(range.lowerBound)")
        case .number: "a number from \(self.rangeText)"
        case .duration(let range): "a duration with a unit (ms, s, m, h, d) \(self.range(range))"
        case .bytes(let range): "a size with a unit (B, KiB, MiB) \(self.range(range))"
        case .address: "host:port"
        case .path: "the path of a file"
        case .url: "an address with http:// or https://"
        case .topic: "a topic's name: 1 to 249 letters, digits, '.', '_' and '-'"
        case .topics:
            "a topic's name (1 to 249 letters, digits, '.', '_' and '-'), or several as a list or with commas between them"
        case .choice(let words): "one of " + words.joined(separator: ", ")
        case .choiceOrTime(let words): words.joined(separator: ", ") + " or a time such as 2025-01-31T06:00:00Z"
        }
    }

    /// The name of the type in a word or two, for references.
    package var name: String {
        switch self {
        case .text: "text"
        case .flag: "true | false"
        case .integer: "whole number"
        case .number: "number"
        case .duration: "duration"
        case .bytes: "size"
        case .address: "host:port"
        case .path: "path"
        case .url: "URL"
        case .topic: "topic"
        case .topics: "topics"
        case .choice(let words): words.joined(separator: " | ")
        case .choiceOrTime(let words): (words + ["time"]).joined(separator: " | ")
        }
    }

    /// What lies between, written as in a file: `1 to 10`; empty for types without a range.
    package var rangeText: String {
        switch self {
        case .integer(let range): "\(range.lowerBound) to \(range.upperBound)"
        case .number(let range): "\(Self.text(range.lowerBound)) to \(Self.text(range.upperBound))"
        case .duration(let range): "\(range.lowerBound.notation) to \(range.upperBound.notation)"
        case .bytes(let range):
            "\(ByteCount(bytes: range.lowerBound).notation) to \(ByteCount(bytes: range.upperBound).notation)"
        case .text, .flag, .address, .path, .url, .topic, .topics, .choice, .choiceOrTime: ""
        }
    }

    private func range(_ range: ClosedRange<some Comparable>) -> String { "from \(self.rangeText)" }

    private static func text(_ number: Double) -> String { Int(exactly: number).map(String.init) ?? "\(number)" }

    /// Whether a text is such a value.
    package func accepts(_ text: String) -> Bool {
        switch self {
        case .text, .path: !text.isEmpty && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        case .flag: text == "true" || text == "false"
        case .integer(let range): Int(text).map(range.contains) ?? false
        case .number(let range): Self.decimal(text).map(range.contains) ?? false
        case .duration(let range): Duration(notation: text).map(range.contains) ?? false
        case .bytes(let range): ByteCount(notation: text).map { range.contains($0.bytes) } ?? false
        case .address: NetworkAddress(notation: text) != nil
        case .url:
            ["http://", "https://"].contains { text.hasPrefix($0) && text.count > $0.count } && !text.contains("@")
        case .topic: Self.isTopic(text)
        case .topics: Self.list(text).allSatisfy(Self.isTopic)
        case .choice(let words): words.contains(text)
        case .choiceOrTime(let words): words.contains(text) || Timestamp(rfc3339: text) != nil
        }
    }

    /// Reads a decimal number; `nan`, `inf` and hexadecimal ones are none.
    static func decimal(_ text: String) -> Double? {
        guard text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }) else { return nil }
        return Double(text).flatMap { $0.isFinite ? $0 : nil }
    }

    /// The members of a list with commas between them, spaces around them left out.
    static func list(_ text: String) -> [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map { member in
            String(member.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }

    private static func isTopic(_ text: String) -> Bool {
        guard (1...249).contains(text.utf8.count), text != ".", text != ".." else { return false }
        return text.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                    || "._-".unicodeScalars.contains(scalar))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import JSON
import Values

/// Why a request to the sandbox's own controls was refused.
package struct ControlFailure: Error, Equatable, CustomStringConvertible {
    /// Names the key and what is allowed.
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Reads one JSON object of the controls strictly: an unknown key is an error that names the known ones.
struct ControlObject {
    private let members: [JSONValue.Member]
    private let place: String

    /// - Parameters:
    ///   - value: What was sent.
    ///   - place: Where the object stands, for messages.
    ///   - allowed: Every key that it may have.
    /// - Throws: `ControlFailure` if it is no object or has another key.
    init(_ value: JSONValue, _ place: String, allowed: [String]) throws(ControlFailure) {
        guard case .object(let members) = value else { throw ControlFailure("\(place): an object is expected") }
        for member in members where !allowed.contains(member.name) {
            throw ControlFailure("\(place): unknown key '\(member.name)'; allowed: \(allowed.joined(separator: ", "))")
        }
        self.members = members
        self.place = place
    }

    func value(_ key: String) -> JSONValue? {
        self.members.last { $0.name == key }?.value
    }

    func text(_ key: String) throws(ControlFailure) -> String? {
        guard let value = self.value(key) else { return nil }
        guard case .string(let text) = value else { throw self.mismatch(key, "a string") }
        return text
    }

    /// One of the words of a type.
    func word<Word: RawRepresentable<String> & CaseIterable>(_ key: String) throws(ControlFailure) -> Word? {
        guard let text = try self.text(key) else { return nil }
        guard let word = Word(rawValue: text) else {
            throw self.mismatch(key, "one of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return word
    }

    func texts(_ key: String) throws(ControlFailure) -> [String]? {
        guard let value = self.value(key) else { return nil }
        guard let texts = value.elements?.compactMap(\.text), texts.count == value.elements?.count else {
            throw self.mismatch(key, "a list of strings")
        }
        return texts
    }

    func flag(_ key: String) throws(ControlFailure) -> Bool? {
        guard let value = self.value(key) else { return nil }
        guard let flag = value.flag else { throw self.mismatch(key, "true or false") }
        return flag
    }

    /// A whole number within those bounds.
    func whole(_ key: String, _ bounds: ClosedRange<Int64>) throws(ControlFailure) -> Int64? {
        guard let value = self.value(key) else { return nil }
        guard case .integer(let number) = value, bounds.contains(number) else {
            throw self.mismatch(key, "a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
        }
        return number
    }

    func fraction(_ key: String) throws(ControlFailure) -> Double? {
        guard let value = self.value(key) else { return nil }
        switch value {
        case .integer(let number) where (0...1).contains(number): return Double(number)
        case .double(let number) where (0...1).contains(number): return number
        default: throw self.mismatch(key, "a number from 0 to 1")
        }
    }

    /// A duration (`"200ms"`, `"1.5s"`, `"2m"`, or a number of seconds), or a pair of them as a range.
    func durations(_ key: String) throws(ControlFailure) -> ClosedRange<Duration>? {
        guard let value = self.value(key) else { return nil }
        let expected =
            "a duration such as \"200ms\", \"1.5s\" or 2 (seconds), up to 1 day, or a pair [shortest, longest]"
        if case .array(let pair) = value {
            guard pair.count == 2, let low = readDuration(pair[0]), let high = readDuration(pair[1]), low <= high else {
                throw self.mismatch(key, expected)
            }
            return low...high
        }
        guard let fixed = readDuration(value) else { throw self.mismatch(key, expected) }
        return fixed...fixed
    }

    /// A duration that is none to draw.
    func duration(_ key: String) throws(ControlFailure) -> Duration? {
        guard let value = self.value(key) else { return nil }
        guard let duration = readDuration(value) else {
            throw self.mismatch(key, "a duration such as \"200ms\", \"1.5s\" or 2 (seconds), up to 1 day,")
        }
        return duration
    }

    func mismatch(_ key: String, _ expected: String) -> ControlFailure {
        ControlFailure("\(self.place): '\(key)': \(expected) is expected")
    }
}

private func readDuration(_ value: JSONValue) -> Duration? {
    let seconds: Double?
    switch value {
    case .integer(let number): seconds = Double(number)
    case .double(let number): seconds = number
    case .string(let text):
        let units: [(suffix: String, seconds: Double)] = [("ms", 0.001), ("s", 1), ("m", 60)]
        let unit = units.first { text.hasSuffix($0.suffix) }
        seconds = unit.flatMap { unit in Double(text.dropLast(unit.suffix.count)).map { $0 * unit.seconds } }
    case .null, .bool, .array, .object: seconds = nil
    }
    guard let seconds, (0...86_400).contains(seconds) else { return nil }
    return .microseconds(Int64((seconds * 1_000_000).rounded()))
}

/// `2s` or `1500ms`, as the controls read it.
func controlText(_ duration: Duration) -> String {
    let microseconds = duration.wholeMicroseconds
    if microseconds % 1_000_000 == 0 { return "\(microseconds / 1_000_000)s" }
    if microseconds % 1000 == 0 { return "\(microseconds / 1000)ms" }
    return "\(Double(microseconds) / 1000)ms"
}

extension ProtoWriter {
    /// A range of durations, as the controls read it.
    mutating func durations(_ name: StaticString, _ range: ClosedRange<Duration>) {
        if range.lowerBound == range.upperBound {
            self.string(name, controlText(range.lowerBound))
        } else {
            self.strings(name, [controlText(range.lowerBound), controlText(range.upperBound)])
        }
    }
}

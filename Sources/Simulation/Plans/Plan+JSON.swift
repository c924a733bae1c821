// SPDX-License-Identifier: Apache-2.0

import JSON

/// Why a plan can't be read.
package struct PlanFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// Names the place, what stands there and what is allowed.
    package let description: String

    /// Creates a failure.
    package init(_ description: String) { self.description = description }
}

extension Plan {
    /// Reads a plan.
    ///
    /// - Throws: `PlanFailure` for another format, a member that plans don't have, or a value that is not allowed.
    package init(parsing bytes: [UInt8]) throws(PlanFailure) {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: bytes)
        } catch {
            throw PlanFailure("the plan is not JSON: \(error)")
        }
        let object = try PlanObject(value, "plan", allowed: ["format", "seed", "settings", "events", "faults"])
        let format = try object.number("format", 0...Int.max)
        guard format == Self.format else {
            throw PlanFailure(
                "plan: 'format' is \(format.map(String.init) ?? "missing"), this program reads format \(Self.format)"
            )
        }
        self.init(seed: UInt64(try object.number("seed", 0...Int.max) ?? 0))
        if let settings = object["settings"] { self.settings = try PlanSettings(settings) }
        for (index, event) in try object.elements("events").enumerated() {
            self.events.append(try PlanEvent(event, "events[\(index)]"))
        }
        for (index, fault) in try object.elements("faults").enumerated() {
            self.faults.append(try PlanFault(fault, "faults[\(index)]"))
        }
        try self.check()
    }

    private func check() throws(PlanFailure) {
        for (index, event) in self.events.enumerated() {
            let place = "events[\(index)]"
            guard event.topic < self.settings.eventTopics else {
                throw PlanFailure("\(place): 'topic' is \(event.topic), must be below \(self.settings.eventTopics)")
            }
            guard event.model < self.settings.models, event.run < self.settings.runs else {
                throw PlanFailure("\(place): 'model' or 'run' is beyond what the settings have")
            }
            guard event.kind != .again || self.events.contains(where: { $0.id == event.of && $0.kind != .again }) else {
                throw PlanFailure("\(place): 'of' is \(event.of), must be the id of an event that is no repetition")
            }
            guard event.kind != .namesake || self.events.contains(where: { $0.id == event.of && $0.replayID != nil })
            else { throw PlanFailure("\(place): 'of' is \(event.of), must be the id of a replay or rollback") }
        }
    }

    /// The plan as JSON, one event or fault a line.
    package var json: [UInt8] {
        var lines = ["{", "  \"format\": \(Self.format),", "  \"seed\": \(self.seed),"]
        lines.append("  \"settings\": \(self.settings.json),")
        lines.append("  \"events\": [")
        lines += self.events.enumerated().map { "    \($1.json)\($0 == self.events.count - 1 ? "" : ",")" }
        lines.append("  ],")
        lines.append("  \"faults\": [")
        lines += self.faults.enumerated().map { "    \($1.json)\($0 == self.faults.count - 1 ? "" : ",")" }
        lines += ["  ]", "}", ""]
        return Array(lines.joined(separator: "\n").utf8)
    }
}

/// An object of a plan, read strictly.
private struct PlanObject {
    let members: [JSONValue.Member]
    let place: String

    init(_ value: JSONValue, _ place: String, allowed: [String]) throws(PlanFailure) {
        guard case .object(let members) = value else { throw PlanFailure("\(place): an object is expected") }
        for member in members where !allowed.contains(member.name) {
            throw PlanFailure("\(place): unknown key '\(member.name)'; allowed: \(allowed.joined(separator: ", "))")
        }
        self.members = members
        self.place = place
    }

    subscript(name: String) -> JSONValue? { self.members.last { $0.name == name }?.value }

    func number(_ name: String, _ allowed: ClosedRange<Int>) throws(PlanFailure) -> Int? {
        guard let value = self[name] else { return nil }
        guard let whole = value.wholeNumber, let number = Int(exactly: whole), allowed.contains(number) else {
            throw PlanFailure(
                "\(self.place): '\(name)': a whole number from \(allowed.lowerBound) to \(allowed.upperBound) is expected"
            )
        }
        return number
    }

    func flag(_ name: String) throws(PlanFailure) -> Bool? {
        guard let value = self[name] else { return nil }
        guard let flag = value.flag else { throw PlanFailure("\(self.place): '\(name)': true or false is expected") }
        return flag
    }

    func elements(_ name: String) throws(PlanFailure) -> [JSONValue] {
        guard let value = self[name] else { return [] }
        guard let elements = value.elements else { throw PlanFailure("\(self.place): '\(name)': a list is expected") }
        return elements
    }

    func word<Word: RawRepresentable<String> & CaseIterable>(_ name: String) throws(PlanFailure) -> Word {
        guard let text = self[name]?.text, let word = Word(rawValue: text) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            let found = self[name]?.text.map { "'\($0)'" } ?? "missing"
            throw PlanFailure("\(self.place): '\(name)' is \(found); allowed: \(words)")
        }
        return word
    }
}

extension PlanSettings {
    fileprivate init(_ value: JSONValue) throws(PlanFailure) {
        self.init()
        let names = Self.numbers.map(\.name) + Self.flags.map(\.name)
        let object = try PlanObject(value, "settings", allowed: names)
        for (name, path, allowed) in Self.numbers {
            if let number = try object.number(name, allowed) { self[keyPath: path] = number }
        }
        for (name, path) in Self.flags {
            if let flag = try object.flag(name) { self[keyPath: path] = flag }
        }
    }

    /// Only what is not as it is anyway.
    fileprivate var json: String {
        let usual = PlanSettings()
        var members: [String] = []
        for (name, path, _) in Self.numbers where self[keyPath: path] != usual[keyPath: path] {
            members.append("\"\(name)\": \(self[keyPath: path])")
        }
        for (name, path) in Self.flags where self[keyPath: path] != usual[keyPath: path] {
            members.append("\"\(name)\": \(self[keyPath: path])")
        }
        return "{\(members.joined(separator: ", "))}"
    }
}

extension PlanEvent {
    fileprivate init(_ value: JSONValue, _ place: String) throws(PlanFailure) {
        let object = try PlanObject(value, place, allowed: ["kind"] + Self.numbers.map(\.name))
        self.init(id: 0, kind: try object.word("kind"), at: 0)
        for (name, path) in Self.numbers {
            if let number = try object.number(name, 0...1_000_000_000) { self[keyPath: path] = number }
        }
    }

    fileprivate var json: String {
        var members = ["\"id\": \(self.id)", "\"kind\": \"\(self.kind.rawValue)\"", "\"at\": \(self.at)"]
        for (name, path) in Self.numbers where name != "id" && name != "at" && self[keyPath: path] != 0 {
            members.append("\"\(name)\": \(self[keyPath: path])")
        }
        return "{\(members.joined(separator: ", "))}"
    }
}

extension PlanFault {
    fileprivate init(_ value: JSONValue, _ place: String) throws(PlanFailure) {
        let object = try PlanObject(value, place, allowed: ["kind"] + Self.numbers.map(\.name))
        self.init(id: 0, kind: try object.word("kind"), at: 0)
        for (name, path) in Self.numbers {
            if let number = try object.number(name, -1_000_000_000...1_000_000_000) { self[keyPath: path] = number }
        }
    }

    fileprivate var json: String {
        var members = ["\"id\": \(self.id)", "\"kind\": \"\(self.kind.rawValue)\"", "\"at\": \(self.at)"]
        for (name, path) in Self.numbers where name != "id" && name != "at" {
            guard self[keyPath: path] != (name == "every" ? 1 : 0) else { continue }
            members.append("\"\(name)\": \(self[keyPath: path])")
        }
        return "{\(members.joined(separator: ", "))}"
    }
}

// SPDX-License-Identifier: Apache-2.0

package import JSON
package import Values

/// The members of one JSON object, read as leniently as the workbench writes.
///
/// A zero value, `null` and an absent member are the same; numbers may come as strings and strings as numbers.
package struct Fields: Sendable {
    private let members: [JSONValue.Member]

    /// Looks at a value.
    ///
    /// - Throws: `FieldFailure` for one that is no object.
    package init(_ value: JSONValue) throws(FieldFailure) {
        guard case .object(let members) = value else { throw FieldFailure("an object was expected, not \(value.kind)") }
        self.members = members
    }

    /// The names of all members, in their order.
    package var names: [String] { self.members.map(\.name) }

    /// Returns a member's value; `nil` where there is none or it is `null`.
    package func value(_ name: String) -> JSONValue? {
        for member in self.members where member.name == name {
            if case .null = member.value { return nil }
            return member.value
        }
        return nil
    }

    /// Whether there is such a member and it isn't `null`.
    package func isPresent(_ name: String) -> Bool { self.value(name) != nil }
}

// MARK: Scalars

extension Fields {
    /// Returns a text, or an empty one.
    package func text(_ name: String) throws(FieldFailure) -> String {
        guard let value = self.value(name) else { return "" }
        return try Self.text(of: value, name)
    }

    /// Returns a text that must be there, such as an object's id.
    package func requiredText(_ name: String) throws(FieldFailure) -> String {
        let text = try self.text(name)
        guard !text.isEmpty else { throw FieldFailure("empty", at: name) }
        return text
    }

    /// Returns an integer, or 0; one with a fraction other than zero is an error.
    package func integer(_ name: String) throws(FieldFailure) -> Int64 {
        guard let value = self.value(name) else { return 0 }
        if let number = value.wholeNumber { return number }
        let text = try Self.text(of: value, name)
        if text.isEmpty { return 0 }
        guard let number = Int64(text) ?? Double(text).flatMap(Int64.init(exactly:)) else {
            throw FieldFailure("no whole number of 64 bits", at: name)
        }
        return number
    }

    /// Returns a number, or 0; `"NaN"` and `"Infinity"` are the wire's words for what JSON can't say.
    package func number(_ name: String) throws(FieldFailure) -> Double {
        guard let value = self.value(name) else { return 0 }
        if let number = value.number { return number }
        let text = try Self.text(of: value, name)
        if text.isEmpty { return 0 }
        guard let number = Double(text) else { throw FieldFailure("no number", at: name) }
        return number
    }

    /// Returns a truth value, or `false`.
    package func flag(_ name: String) throws(FieldFailure) -> Bool {
        guard let value = self.value(name) else { return false }
        if let flag = value.flag { return flag }
        switch try Self.text(of: value, name).lowercased() {
        case "true", "1": return true
        case "", "false", "0": return false
        default: throw FieldFailure("neither true nor false", at: name)
        }
    }

    /// Returns a time; `nil` where there is none, also for the year 1 that stands for "unset" and for what is no time.
    ///
    /// A bare number counts as milliseconds, as the description of runs has it.
    package func time(_ name: String) throws(FieldFailure) -> Timestamp? {
        let text = try self.text(name)
        guard !text.isEmpty else { return nil }
        let time = Timestamp(rfc3339: text) ?? Int64(text).map(Timestamp.init(millisecondsSinceEpoch:))
        return time.flatMap { $0.millisecondsSinceEpoch > 0 ? $0 : nil }
    }

    private static func text(of value: JSONValue, _ name: String) throws(FieldFailure) -> String {
        switch value {
        case .string(let text): return text
        case .integer(let number): return "\(number)"
        case .bool(let flag): return "\(flag)"
        case .double(let number): return value.wholeNumber.map { "\($0)" } ?? "\(number)"
        case .null, .array, .object: throw FieldFailure("a text or number was expected, not \(value.kind)", at: name)
        }
    }
}

// MARK: Objects and lists

extension Fields {
    /// Returns a list, or an empty one.
    package func list<Element: APIObject>(_ name: String) throws(FieldFailure) -> [Element] {
        guard let value = self.value(name) else { return [] }
        guard let elements = value.elements else {
            throw FieldFailure("an array was expected, not \(value.kind)", at: name)
        }
        var list: [Element] = []
        list.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            do throws(FieldFailure) {
                list.append(try Element(try Fields(element)))
            } catch {
                throw error.inside("\(index)").inside(name)
            }
        }
        return list
    }

    /// Returns those elements of a list that can be read; none where it is no list.
    ///
    /// For what may be missing anyway, and must not make the rest of an answer worthless.
    package func readableElements<Element: APIObject>(of name: String) -> [Element] {
        (self.value(name)?.elements ?? []).compactMap { element in try? Element(try Fields(element)) }
    }

    /// Returns a nested object, if there is one.
    package func object<Object: APIObject>(_ name: String) throws(FieldFailure) -> Object? {
        guard let value = self.value(name) else { return nil }
        do throws(FieldFailure) {
            return try Object(try Fields(value))
        } catch {
            throw error.inside(name)
        }
    }

    /// Returns a list of `{key, value}` as a dictionary; of equal keys the last one counts.
    package func pairs(_ name: String) throws(FieldFailure) -> [String: String] {
        let tags: [APITag] = try self.list(name)
        return Dictionary(tags.map { ($0.key, $0.value) }) { _, last in last }
    }

    /// Returns all members as texts.
    package func texts() throws(FieldFailure) -> [String: String] {
        var texts: [String: String] = [:]
        for name in self.names { texts[name] = try self.text(name) }
        return texts
    }
}

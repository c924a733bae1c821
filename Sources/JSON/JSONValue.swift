// SPDX-License-Identifier: Apache-2.0

/// Any JSON value, as outside input is read and free-form data is written.
package enum JSONValue: Sendable, Equatable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number written without fraction and exponent that fits 64 bits.
    case integer(Int64)
    /// Any other number; finite.
    case double(Double)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object: its members in the order in which they were written, each name once.
    case object([Member])

    /// One member of an object.
    package struct Member: Sendable, Equatable {
        /// The member's name.
        package let name: String
        /// The member's value.
        package let value: JSONValue

        /// Creates a member.
        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// The member of that name; `nil` if this is no object or has none.
    package subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        let all = members.span
        for index in all.indices where all[index].name == name { return all[index].value }
        return nil
    }

    /// The text, if this is a string.
    package var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The number, if this is a whole one that fits 64 bits, also where it is written with a fraction of zero.
    package var wholeNumber: Int64? {
        switch self {
        case .integer(let number): number
        case .double(let number): Int64(exactly: number)
        case .null, .bool, .string, .array, .object: nil
        }
    }

    /// The number, if this is one; a whole one beyond 2^53 is rounded.
    package var number: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .double(let number): number
        case .null, .bool, .string, .array, .object: nil
        }
    }

    /// The elements, if this is an array.
    package var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The members, if this is an object, in the order in which they were written.
    package var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The flag, if this is a boolean.
    package var flag: Bool? {
        if case .bool(let flag) = self { flag } else { nil }
    }

    /// What kind of value this is, for error messages: `null`, `a boolean`, `a number`, `a string` and so on.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .double: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Any JSON value.
///
/// Read by a parser of our own, because a request body is small, is read once per call, and `JSONDecoder` reads
/// free-form JSON only by trying one type after the other.
package enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number written without fraction and exponent that fits 64 bits.
    case integer(Int64)
    case double(Double)
    case string(String)
    case array([JSON])
    /// Members in the order in which they were written.
    case object([Member])

    /// One member of an object.
    package struct Member: Sendable, Equatable {
        package let name: String
        package let value: JSON
    }

    /// The last member of that name, as Go's decoder takes it; `nil` if this is no object or has none.
    subscript(_ name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    /// The text, if this is a string.
    var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The elements, if this is an array.
    var elements: [JSON]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The members, if this is an object.
    var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The number, also where it was written as a string, as proto3 JSON allows; `nil` if this is none.
    var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .double(let value): value
        case .string(let text): Double(text)
        case .null, .bool, .array, .object: nil
        }
    }

    /// The whole number, also where it was written as a string or as `2.0`; `nil` if this is none.
    var wholeNumber: Int64? {
        switch self {
        case .integer(let value): value
        case .double(let value): Int64(exactly: value)
        case .string(let text): Int64(text)
        case .null, .bool, .array, .object: nil
        }
    }
}

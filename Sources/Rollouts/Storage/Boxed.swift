// SPDX-License-Identifier: Apache-2.0

/// Keeps a value behind one pointer, so that what holds it stays small and copies share it.
///
/// A store makes a new box. For values that are large and seldom change.
@propertyWrapper
package indirect enum Boxed<Value: Sendable>: Sendable {
    /// The value.
    case value(Value)

    /// Boxes a value.
    package init(wrappedValue: Value) { self = .value(wrappedValue) }

    package var wrappedValue: Value {
        get {
            switch self {
            case .value(let value): value
            }
        }
        set { self = .value(newValue) }
    }
}

extension Boxed: Equatable where Value: Equatable {}

extension Boxed: Codable where Value: Codable {
    package init(from decoder: any Decoder) throws { self = .value(try Value(from: decoder)) }

    package func encode(to encoder: any Encoder) throws { try self.wrappedValue.encode(to: encoder) }
}

/// Keeps a value that is seldom there: one pointer while it is not.
@propertyWrapper
package enum Rare<Value: Sendable>: Sendable {
    /// It is not there.
    case none
    /// The value.
    indirect case some(Value)

    /// Boxes a value, if it is there.
    package init(wrappedValue: Value?) { self = wrappedValue.map { .some($0) } ?? .none }

    package var wrappedValue: Value? {
        get { if case .some(let value) = self { value } else { nil } }
        set { self = Self(wrappedValue: newValue) }
    }
}

extension Rare: Equatable where Value: Equatable {}

extension Rare: Encodable where Value: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.wrappedValue)
    }
}

extension Rare: Decodable where Value: Decodable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self.init(wrappedValue: container.decodeNil() ? nil : try container.decode(Value.self))
    }
}

extension KeyedDecodingContainer {
    /// Reads a value that may be missing; the compiler's own `Decodable` of a type with such a property comes here.
    package func decode<Value: Decodable>(_ type: Rare<Value>.Type, forKey key: Key) throws -> Rare<Value> {
        Rare(wrappedValue: try self.decodeIfPresent(Value.self, forKey: key))
    }
}

extension KeyedEncodingContainer {
    /// Writes a value that may be missing; see `decode`.
    package mutating func encode<Value: Encodable>(_ value: Rare<Value>, forKey key: Key) throws {
        try self.encodeIfPresent(value.wrappedValue, forKey: key)
    }
}

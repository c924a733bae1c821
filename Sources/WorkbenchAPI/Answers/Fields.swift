// SPDX-License-Identifier: Apache-2.0

import Values

/// The members of one JSON object, read as leniently as the workbench writes.
///
/// A zero value, `null` and an absent member are the same; numbers may come as strings and strings as numbers.
/// The expected type is tried first and alone decides in the usual case; only a mismatch costs more.
struct Fields {
    private let container: KeyedDecodingContainer<FieldKey>

    init(_ decoder: any Decoder) throws {
        self.container = try decoder.container(keyedBy: FieldKey.self)
    }

    /// Whether there is such a member and it isn't `null`.
    func isPresent(_ key: FieldKey) throws -> Bool {
        guard self.container.contains(key) else { return false }
        return try !self.container.decodeNil(forKey: key)
    }

    /// Returns a text, or an empty one.
    func text(_ key: FieldKey) throws -> String {
        do {
            return try self.container.decodeIfPresent(String.self, forKey: key) ?? ""
        } catch DecodingError.typeMismatch {
            return try self.container.decode(LooseScalar.self, forKey: key).text
        }
    }

    /// Returns a text that must be there, such as an object's id.
    func requiredText(_ key: FieldKey) throws -> String {
        let text = try self.text(key)
        guard !text.isEmpty else {
            throw DecodingError.valueNotFound(
                String.self,
                DecodingError.Context(codingPath: self.container.codingPath + [key], debugDescription: "empty")
            )
        }
        return text
    }

    /// Returns an integer, or 0; one with a fraction other than zero is an error.
    func integer(_ key: FieldKey) throws -> Int64 {
        do {
            return try self.container.decodeIfPresent(Int64.self, forKey: key) ?? 0
        } catch DecodingError.typeMismatch {
            return try self.loose(key) { Int64($0) ?? Double($0).flatMap(Int64.init(exactly:)) }
        }
    }

    /// Returns a number, or 0; `"NaN"` and `"Infinity"` are the wire's words for what JSON can't say.
    func number(_ key: FieldKey) throws -> Double {
        do {
            return try self.container.decodeIfPresent(Double.self, forKey: key) ?? 0
        } catch DecodingError.typeMismatch {
            return try self.loose(key) { Double($0) }
        }
    }

    /// Returns a truth value, or `false`.
    func flag(_ key: FieldKey) throws -> Bool {
        do {
            return try self.container.decodeIfPresent(Bool.self, forKey: key) ?? false
        } catch DecodingError.typeMismatch {
            return try self.loose(key) { text in
                switch text.lowercased() {
                case "true", "1": true
                case "false", "0": false
                default: nil
                }
            }
        }
    }

    /// Returns a time; `nil` where there is none, also for the year 1 that stands for "unset" and for what is no time.
    ///
    /// A bare number counts as milliseconds, as the description of runs has it.
    func time(_ key: FieldKey) throws -> Timestamp? {
        let text = try self.text(key)
        guard !text.isEmpty else { return nil }
        let time = Timestamp(rfc3339: text) ?? Int64(text).map(Timestamp.init(millisecondsSinceEpoch:))
        return time.flatMap { $0.millisecondsSinceEpoch > 0 ? $0 : nil }
    }

    /// Returns a list, or an empty one.
    func list<Element: Decodable>(_ key: FieldKey) throws -> [Element] {
        try self.container.decodeIfPresent([Element].self, forKey: key) ?? []
    }

    /// Returns a nested object, if there is one.
    func object<Object: Decodable>(_ key: FieldKey) throws -> Object? {
        try self.container.decodeIfPresent(Object.self, forKey: key)
    }

    /// Returns a list of `{key, value}` as a dictionary; of equal keys the last one counts.
    func pairs(_ key: FieldKey) throws -> [String: String] {
        let tags: [APITag] = try self.list(key)
        return Dictionary(tags.map { ($0.key, $0.value) }) { _, last in last }
    }

    private func loose<Value: ExpressibleAsZero>(
        _ key: FieldKey,
        _ convert: (String) -> Value?
    ) throws -> Value {
        let text = try self.container.decode(LooseScalar.self, forKey: key).text
        if text.isEmpty { return .zeroValue }
        guard let value = convert(text) else {
            throw DecodingError.dataCorruptedError(
                forKey: key,
                in: self.container,
                debugDescription: "not a \(Value.self)"
            )
        }
        return value
    }
}

/// A member's name.
struct FieldKey: CodingKey, ExpressibleByStringLiteral {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringLiteral value: String) {
        self.stringValue = value
    }

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) { nil }
}

/// What an empty string means for a type.
protocol ExpressibleAsZero {
    static var zeroValue: Self { get }
}

extension Int64: ExpressibleAsZero {
    static var zeroValue: Int64 { 0 }
}

extension Double: ExpressibleAsZero {
    static var zeroValue: Double { 0 }
}

extension Bool: ExpressibleAsZero {
    static var zeroValue: Bool { false }
}

/// A string, number or truth value as text; only decoded after the expected type did not fit.
private struct LooseScalar: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self.text = text
        } else if let integer = try? container.decode(Int64.self) {
            self.text = "\(integer)"
        } else if let flag = try? container.decode(Bool.self) {
            self.text = "\(flag)"
        } else {
            // The last try: its error is the one to report.
            self.text = "\(try container.decode(Double.self))"
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Environment variables of a deployment: an object in requests, JSON as text in responses.
///
/// Workbenches put secrets there, so values never show in a description; the text is parsed only when asked for.
package struct EnvironmentVariables: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    private enum Content: Sendable, Equatable {
        case text(String)
        case values([String: String])
    }

    private let content: Content

    /// Creates variables to send.
    package init(_ values: [String: String] = [:]) {
        self.content = .values(values)
    }

    /// Returns name and value of each variable.
    ///
    /// - Throws: `DecodingError` when the text is no JSON object of strings.
    package func values() throws -> [String: String] {
        switch self.content {
        case .values(let values): return values
        case .text(""): return [:]
        case .text(let text):
            return try JSONDecoder().decode(LooseMap.self, from: Data(text.utf8)).values
        }
    }

    /// Always `[environment]`.
    package var description: String { "[environment]" }

    /// A mirror without children, so that `dump` shows nothing.
    package var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}

extension EnvironmentVariables: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self.content = .text(text)
        } else {
            self.content = .values(try container.decode(LooseMap.self).values)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(try self.values())
    }
}

/// An object whose values may be strings, numbers, truth values or `null`.
private struct LooseMap: Decodable {
    let values: [String: String]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: FieldKey.self)
        let fields = try Fields(decoder)
        var values: [String: String] = [:]
        for key in container.allKeys {
            values[key.stringValue] = try fields.text(key)
        }
        self.values = values
    }
}

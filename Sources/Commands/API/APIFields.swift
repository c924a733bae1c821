// SPDX-License-Identifier: Apache-2.0

import JSON
import Rollouts

/// The `key=value` pairs of `slipway api`, as a query or as a JSON body.
struct APIFields: Sendable, Equatable {
    /// One pair.
    struct Field: Sendable, Equatable {
        var name: String
        var value: String
        /// Whether the value is JSON where it can be read so (`-F`), or always a text (`-f`).
        var isTyped: Bool
    }

    /// A pair that is none.
    struct Malformed: Error, Sendable, Equatable, CustomStringConvertible {
        var text: String
        var description: String { "'\(self.text)' is not of the form key=value" }
    }

    private(set) var fields: [Field] = []

    /// Reads pairs.
    ///
    /// - Parameters:
    ///   - raw: Pairs whose values are texts.
    ///   - typed: Pairs whose values are numbers, `true`, `false`, `null`, objects or arrays where they can be read so.
    /// - Throws: `Malformed` for the first that has no `=` or no name.
    init(raw: [String], typed: [String]) throws(Malformed) {
        for text in raw { self.fields.append(try Self.field(text, isTyped: false)) }
        for text in typed { self.fields.append(try Self.field(text, isTyped: true)) }
    }

    private static func field(_ text: String, isTyped: Bool) throws(Malformed) -> Field {
        guard let sign = text.firstIndex(of: "="), sign != text.startIndex else { throw Malformed(text: text) }
        return Field(
            name: String(text[..<sign]),
            value: String(text[text.index(after: sign)...]),
            isTyped: isTyped
        )
    }

    /// The pairs for the query of a URL.
    var query: [(name: String, value: String)] { self.fields.map { ($0.name, $0.value) } }

    /// The pairs as one JSON object; a name with dots, such as `a.b`, stays one name, as the API's own are.
    var body: [UInt8] {
        JSONWriter.object { writer in
            for field in self.fields {
                writer.field(named: field.name) { writer in
                    if field.isTyped, let value = try? JSONValue(parsing: Array(field.value.utf8)) {
                        writer.value(value)
                    } else {
                        writer.string(field.value)
                    }
                }
            }
        }
    }
}

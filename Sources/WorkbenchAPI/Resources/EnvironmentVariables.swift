// SPDX-License-Identifier: Apache-2.0

import JSON
import Values

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

    /// Reads a member that is an object or a text.
    init(_ fields: Fields, _ name: String) throws(FieldFailure) {
        switch fields.value(name) {
        case nil: self.content = .values([:])
        case .string(let text)?: self.content = .text(text)
        case let value?:
            do throws(FieldFailure) {
                self.content = .values(try Fields(value).texts())
            } catch {
                throw error.inside(name)
            }
        }
    }

    /// Returns name and value of each variable; values may have been numbers, truth values or `null`.
    ///
    /// - Throws: `FieldFailure` when the text is no JSON object of such values.
    package func values() throws(FieldFailure) -> [String: String] {
        switch self.content {
        case .values(let values): return values
        case .text(""): return [:]
        case .text(let text):
            let value: JSONValue
            do throws(JSONFailure) {
                value = try JSONValue(answer: Array(text.utf8))
            } catch {
                throw FieldFailure(error.description)
            }
            return try Fields(value).texts()
        }
    }

    /// The values that may be secrets: a shorter one keeps nobody out, and stands in every other text.
    func secrets() throws(FieldFailure) -> [Secret] {
        try self.values().values.filter { $0.utf8.count >= 4 }.sorted { $0.utf8.count > $1.utf8.count }
            .map { Secret($0) }
    }

    /// Always `[environment]`.
    package var description: String { "[environment]" }

    /// A mirror without children, so that `dump` shows nothing.
    package var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}

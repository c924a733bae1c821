// SPDX-License-Identifier: Apache-2.0

/// A value in a YAML file, with its place.
package struct YAMLNode: Sendable, Equatable {
    /// What a value is.
    package enum Content: Sendable, Equatable {
        /// A text, a number, `true`, or nothing at all; plain when it stands without quotes.
        case scalar(String, isPlain: Bool)
        /// A list.
        case sequence([YAMLNode])
        /// Keys with values in the order of the file, each key once.
        case mapping([Entry])
    }

    /// A key and its value.
    package struct Entry: Sendable, Equatable {
        /// The key.
        package let key: String
        /// Where the key stands.
        package let position: SourcePosition
        /// The value.
        package let value: YAMLNode

        /// Creates an entry.
        package init(key: String, position: SourcePosition, value: YAMLNode) {
            self.key = key
            self.position = position
            self.value = value
        }
    }

    /// What it is.
    package let content: Content
    /// Where it begins.
    package let position: SourcePosition

    /// Creates a value.
    package init(_ content: Content, at position: SourcePosition) {
        self.content = content
        self.position = position
    }

    /// Whether nothing is there: no value, `~` or `null`, without quotes.
    package var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = self.content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// What it is, for messages; never the value itself.
    package var kind: String {
        switch self.content {
        case .scalar: self.isNull ? "empty" : "a single value"
        case .sequence: "a list"
        case .mapping: "a section of keys"
        }
    }

    /// Returns an error at this place.
    package func error(_ message: String) -> YAMLError { YAMLError(.invalid(message), at: self.position) }

    func wrongType(_ expected: String) -> YAMLError {
        var found = self.kind
        if case .scalar(let text, let isPlain) = self.content, !self.isNull {
            found = "'\(Quoting.printable(text))'" + (isPlain ? "" : " in quotes")
        }
        return YAMLError(.wrongType(expected: expected, found: found), at: self.position)
    }
}

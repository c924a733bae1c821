// SPDX-License-Identifier: Apache-2.0

/// A YAML file cannot be used: what is wrong, and where.
package struct YAMLError: Error, Sendable, Equatable {
    /// The kinds of mistakes.
    package enum Problem: Sendable, Equatable {
        /// The file is larger than is read.
        case tooLarge(maximumBytes: Int)
        /// A byte that is no UTF-8.
        case notUTF8
        /// No YAML; in libyaml's words, or ours where they would puzzle.
        case syntax(String)
        /// A key that stands twice in one mapping, and where it stood first.
        case duplicateKey(String, firstLine: Int)
        /// A key that is a list or a mapping.
        case compositeKey
        /// Mappings and lists in each other, deeper than is read.
        case tooDeep(maximumDepth: Int)
        /// A part of YAML that is refused, since it makes files that people misread.
        case refusedFeature(String)
        /// A further document after `---`.
        case secondDocument
        /// Another kind of value than the reader of the file needs.
        case wrongType(expected: String, found: String)
        /// A key that the reader of the file does not know, and the nearest that it knows.
        case unknownKey(String, suggestion: String?)
        /// What the reader of the file found wrong.
        case invalid(String)
    }

    /// Where.
    package let position: SourcePosition
    /// What.
    package let problem: Problem

    /// Creates an error.
    package init(_ problem: Problem, at position: SourcePosition) {
        self.position = position
        self.problem = problem
    }

    /// What is wrong, without the place.
    package var message: String {
        switch self.problem {
        case .tooLarge(let maximumBytes): "the file is larger than \(maximumBytes) bytes"
        case .notUTF8: "the line is not UTF-8"
        case .syntax(let message): "not YAML: \(message)"
        case .duplicateKey(let key, let firstLine): "'\(Quoting.printable(key))' is already set in line \(firstLine)"
        case .compositeKey: "a key must be a text"
        case .tooDeep(let maximumDepth): "more than \(maximumDepth) levels of mappings and lists"
        case .refusedFeature(let feature): "\(feature) cannot be used here; write the value itself"
        case .secondDocument: "a second document; only one is read"
        case .wrongType(let expected, let found): "must be \(expected), is \(found)"
        case .unknownKey(let key, let suggestion):
            "unknown key '\(Quoting.printable(key))'" + (suggestion.map { "; did you mean '\($0)'?" } ?? "")
        case .invalid(let message): message
        }
    }
}

extension YAMLError: CustomStringConvertible {
    package var description: String { "\(self.position): \(self.message)" }
}

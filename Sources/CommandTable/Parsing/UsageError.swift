// SPDX-License-Identifier: Apache-2.0

/// The command line cannot be understood; nothing was done.
package struct UsageError: Error, Sendable, Equatable {
    /// What is wrong, in one line without the program's name.
    package let message: String
    /// What was probably meant: a command, an option with its dashes, or a value.
    package let suggestion: String?
    /// The names from the program down to the command whose help explains what is allowed.
    package var commandPath: [String]

    /// The exit status of a program that met this error.
    package var exitStatus: ExitStatus { .usage }

    /// Creates an error.
    ///
    /// - Parameters:
    ///   - message: What is wrong, in one line.
    ///   - suggestion: What was probably meant.
    ///   - commandPath: Filled in by the parser; a command's body leaves it empty.
    package init(_ message: String, suggestion: String? = nil, commandPath: [String] = []) {
        self.message = message
        self.suggestion = suggestion
        self.commandPath = commandPath
    }
}

extension UsageError: CustomStringConvertible {
    package var description: String {
        self.suggestion.map { "\(self.message); did you mean '\($0)'?" } ?? self.message
    }
}

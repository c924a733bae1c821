// SPDX-License-Identifier: Apache-2.0

/// A place in a text file.
package struct SourcePosition: Sendable, Hashable {
    /// The file, as it was named when it was opened.
    package let file: String
    /// The line, counted from 1.
    package let line: Int
    /// The character in the line, counted from 1.
    package let column: Int

    /// Creates a position.
    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
}

extension SourcePosition: CustomStringConvertible {
    package var description: String { "\(self.file):\(self.line):\(self.column)" }
}

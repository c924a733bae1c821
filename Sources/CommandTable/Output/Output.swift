// SPDX-License-Identifier: Apache-2.0

import Values

/// The reader of standard output has gone (`slipway watch | head`); the command ends quietly.
package struct OutputClosed: Error, Sendable, Equatable {
    /// Why nothing can be written, such as a full disk; `nil` where the reader has gone, which needs no word.
    package let reason: String?

    /// Creates the error.
    package init(_ reason: String? = nil) { self.reason = reason }
}

/// Takes what a command writes; given by the program or by a test.
package protocol OutputTarget: Sendable {
    /// Writes to standard output.
    ///
    /// Whole: two calls never mix. It may block as long as the reader does.
    ///
    /// - Parameter text: What to write.
    /// - Throws: `OutputClosed` when nobody reads any more.
    func write(_ text: String) throws(OutputClosed)

    /// Writes to standard error; what cannot be written there is lost, since there is nowhere left to say so.
    func writeError(_ text: String)
}

/// Where a command writes, and what it may assume about the reader.
package struct Output: Sendable {
    /// What is at one end of a stream.
    package struct Style: Sendable, Equatable {
        /// Whether a person is looking.
        package var isTerminal: Bool
        /// Whether colours and other escape sequences may be written.
        package var allowsColour: Bool

        /// Creates a style.
        package init(isTerminal: Bool, allowsColour: Bool) {
            self.isTerminal = isTerminal
            self.allowsColour = allowsColour
        }

        /// No terminal, no colours.
        package static let plain = Style(isTerminal: false, allowsColour: false)
    }

    /// About standard output.
    package let style: Style
    /// About standard error.
    package let errorStyle: Style
    private let target: any OutputTarget
    private let currentWidth: @Sendable () -> Int

    /// Creates an output.
    ///
    /// - Parameters:
    ///   - target: Takes what is written.
    ///   - style: About standard output.
    ///   - errorStyle: About standard error.
    ///   - width: Returns the terminal's width in columns now.
    package init(
        to target: any OutputTarget,
        style: Style = .plain,
        errorStyle: Style = .plain,
        width: @escaping @Sendable () -> Int = { 80 }
    ) {
        self.target = target
        self.style = style
        self.errorStyle = errorStyle
        self.currentWidth = width
    }

    /// The terminal's width in columns, read anew each time; 80 where there is no terminal.
    package var width: Int { self.currentWidth() }

    /// Writes text as it is to standard output.
    ///
    /// - Parameter text: What to write.
    /// - Throws: `OutputClosed` when nobody reads any more.
    package func write(_ text: String) throws(OutputClosed) { try self.target.write(text) }

    /// Writes text and a line feed to standard output; on a terminal without what would drive it, wherever the text is from.
    ///
    /// - Parameter line: What to write.
    /// - Throws: `OutputClosed` when nobody reads any more.
    package func writeLine(_ line: String = "") throws(OutputClosed) {
        try self.target.write((self.style.isTerminal ? line.harmlessOnTerminals : line) + "\n")
    }

    /// Writes text and a line feed to standard error; on a terminal without what would drive it.
    package func writeErrorLine(_ line: String) {
        self.target.writeError((self.errorStyle.isTerminal ? line.harmlessOnTerminals : line) + "\n")
    }
}

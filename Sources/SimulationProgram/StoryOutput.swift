// SPDX-License-Identifier: Apache-2.0

import CommandTable

/// Writes lines, also from where nothing can be thrown: what was thrown there is thrown afterwards.
final class StoryOutput {
    private let output: Output
    private var failure: (any Error)?

    init(_ output: Output) { self.output = output }

    func writeLine(_ line: String) throws { try self.output.writeLine(line) }

    /// Writes a line, unless one before could not be written.
    func write(_ line: String) {
        guard self.failure == nil else { return }
        do {
            try self.output.writeLine(line)
        } catch {
            self.failure = error
        }
    }

    /// Throws what a line could not be written for.
    func rethrow() throws {
        if let failure = self.failure { throw failure }
    }
}

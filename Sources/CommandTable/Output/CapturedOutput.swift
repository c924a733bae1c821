// SPDX-License-Identifier: Apache-2.0

import Threads

/// Keeps what a command writes in memory, for tests.
package final class CapturedOutput: OutputTarget {
    private struct State: Sendable {
        var text = ""
        var errorText = ""
        var remainingWrites: Int?
    }

    private let state: Locked<State>

    /// Creates an empty one.
    ///
    /// - Parameter closesAfter: After this many writes to standard output the reader has gone; `nil` for never.
    package init(closesAfter: Int? = nil) {
        self.state = Locked(State(remainingWrites: closesAfter))
    }

    /// What was written to standard output.
    package var text: String { self.state.withLock { $0.text } }

    /// What was written to standard error.
    package var errorText: String { self.state.withLock { $0.errorText } }

    package func write(_ text: String) throws(OutputClosed) {
        let isClosed = self.state.withLock { state in
            if let remaining = state.remainingWrites {
                guard remaining > 0 else { return true }
                state.remainingWrites = remaining - 1
            }
            state.text += text
            return false
        }
        if isClosed { throw OutputClosed() }
    }

    package func writeError(_ text: String) {
        self.state.withLock { $0.errorText += text }
    }
}

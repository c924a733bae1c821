// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Synchronization

/// Keeps what a command writes to standard output, and lets a test wait for a text to come.
final class LiveOutput: OutputTarget {
    private let state = Mutex("")
    private let changes: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (self.changes, self.continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var text: String { self.state.withLock { $0 } }

    /// Returns as soon as the text is there; one caller at a time.
    func wait(for text: String) async {
        guard !self.text.contains(text) else { return }
        for await _ in self.changes where self.text.contains(text) { return }
    }

    func write(_ text: String) throws(OutputClosed) {
        self.state.withLock { $0 += text }
        self.continuation.yield()
    }

    func writeError(_ text: String) {}
}

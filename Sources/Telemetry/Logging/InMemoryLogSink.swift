// SPDX-License-Identifier: Apache-2.0

import Threads

/// Keeps records in memory, for tests that look at what was logged.
package final class InMemoryLogSink: LogSink {
    private struct Waiter: Sendable {
        let isMatch: @Sendable (LogRecord) -> Bool
        let continuation: AsyncStream<LogRecord>.Continuation
    }

    private struct State {
        var records: [LogRecord] = []
        var waiters: [Waiter] = []
    }

    private let state = Locked(State())

    /// Creates an empty sink.
    package init() {}

    /// All records so far, in the order of writing.
    package var records: [LogRecord] { self.state.withLock { $0.records } }

    package func write(_ record: LogRecord) {
        let due = self.state.withLock { state in
            state.records.append(record)
            let due = state.waiters.filter { $0.isMatch(record) }
            state.waiters.removeAll { $0.isMatch(record) }
            return due
        }
        for waiter in due {
            waiter.continuation.yield(record)
            waiter.continuation.finish()
        }
    }

    /// Returns the first record that matches, waiting for it if there is none yet.
    ///
    /// - Parameter isMatch: Whether a record is the one.
    /// - Returns: The record, or `nil` if the calling task was cancelled first.
    package func firstRecord(where isMatch: @escaping @Sendable (LogRecord) -> Bool) async -> LogRecord? {
        let (stream, continuation) = AsyncStream.makeStream(of: LogRecord.self)
        let existing = self.state.withLock { state in
            if let record = state.records.first(where: isMatch) { return Optional(record) }
            state.waiters.append(Waiter(isMatch: isMatch, continuation: continuation))
            return nil
        }
        if let existing { return existing }
        return await stream.first { _ in true }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Glibc
import Telemetry

/// Keeps a worker's log for the test, and writes it to standard error, too, where `TEST_LOG` is set.
struct TestLog: LogSink {
    let kept = InMemoryLogSink()
    private let shown = getenv("TEST_LOG") == nil ? nil : StreamLogSink(format: .json)

    func write(_ record: LogRecord) {
        self.kept.write(record)
        self.shown?.write(record)
    }

    /// A logger that writes here.
    var logger: Logger { Logger(level: .debug, sink: self) }

    /// Returns the first record with that message, waiting for it if there is none yet.
    ///
    /// - Throws: `CancellationError` when the test ends first.
    @discardableResult
    func first(_ message: String) async throws -> LogRecord {
        guard let record = await self.kept.firstRecord(where: { $0.message == message }) else {
            throw CancellationError()
        }
        return record
    }

    /// How many records have that message.
    func count(_ message: String) -> Int { self.kept.records.count { $0.message == message } }
}

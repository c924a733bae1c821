// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Telemetry
import Values

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

    /// Waits until so many records have that message, each with fields of its own.
    ///
    /// - Throws: `CancellationError` when the test ends first.
    func all(_ message: String, _ count: Int) async throws {
        // A sink may ask about one record more than once.
        let fields = Mutex<Set<String>>([])
        let last = await self.kept.firstRecord { record in
            guard record.message == message else { return false }
            return fields.withLock { fields in
                fields.insert("\(record.fields)")
                return fields.count >= count
            }
        }
        guard last != nil else { throw CancellationError() }
    }

    /// The journal partitions that were taken over, in order; one that came back stands twice.
    var takenOver: [Partition] {
        self.kept.records.filter { $0.message == "partition taken over" }.compactMap { record in
            guard case .string(let name)? = record.fields.first(where: { $0.key == "partition" })?.value else {
                return nil
            }
            return name.split(separator: "-").last.flatMap { Int32($0) }.map { Partition(rawValue: $0) }
        }
    }

    /// How many records have that message.
    func count(_ message: String) -> Int { self.kept.records.count { $0.message == message } }
}

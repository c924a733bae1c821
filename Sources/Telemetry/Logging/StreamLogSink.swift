// SPDX-License-Identifier: Apache-2.0

package import Files
import Synchronization
import Threads
import Values

/// Writes formatted records to a file descriptor, by a thread of its own.
///
/// A caller only formats its line and appends it to a bounded queue. While the descriptor blocks (a full pipe, a stopped
/// terminal) the queue fills; then lines are dropped and counted, and a line that says how many follows once there is
/// room. Lines are written whole and in order, so they never interleave.
package final class StreamLogSink: LogSink {
    private struct Queue: Sendable {
        var bytes: [UInt8] = []
        var droppedSinceNotice: UInt64 = 0
        var isClosed = false
        /// The thread has written all it took; false while it writes.
        var isIdle = true
    }

    private let format: LogFormat
    private let maximumQueuedBytes: Int
    private let queue: Monitor<Queue>
    private let dropped: DroppedLines

    /// Starts the writer.
    ///
    /// - Parameters:
    ///   - fileDescriptor: Where lines go; neither duplicated nor closed. Default: standard error.
    ///   - format: How a record becomes a line.
    ///   - maximumQueuedBytes: The bound of the queue; default 1 MiB. A line that does not fit is dropped.
    package init(
        fileDescriptor: FileDescriptor = .standardError,
        format: LogFormat,
        maximumQueuedBytes: Int = 1 << 20
    ) {
        let queue = Monitor(Queue())
        let dropped = DroppedLines()
        self.format = format
        self.maximumQueuedBytes = maximumQueuedBytes
        self.queue = queue
        self.dropped = dropped
        _ = DedicatedThread(name: "log") {
            while let batch = queue.wait(until: { Self.takeBatch(&$0) }), !batch.bytes.isEmpty || batch.dropped > 0 {
                var bytes = batch.bytes
                if batch.dropped > 0 { bytes += format.line(for: Self.notice(droppedLines: batch.dropped)) }
                do {
                    try bytes.withUnsafeBytes { bytes in try fileDescriptor.writeAll(bytes) }
                } catch {
                    // The log is where errors are reported: what is left is to count.
                    dropped.add(UInt64(bytes.count { $0 == UInt8(ascii: "\n") }))
                }
                queue.signal { $0.isIdle = true }
            }
        }
    }

    deinit { self.queue.signal { $0.isClosed = true } }

    /// Lines that were lost since the start, because the queue was full or the descriptor refused them.
    package var droppedLineCount: UInt64 { self.dropped.count.load(ordering: .relaxed) }

    package func write(_ record: LogRecord) {
        let line = self.format.line(for: record)
        let isQueued = self.queue.signal { queue in
            // A closed sink writes nothing more, not even a notice: its descriptor may be another file's by then.
            guard !queue.isClosed else { return false }
            guard queue.bytes.count + line.count <= self.maximumQueuedBytes else {
                queue.droppedSinceNotice += 1
                return false
            }
            queue.bytes.append(contentsOf: line)
            return true
        }
        if !isQueued { self.dropped.add(1) }
    }

    /// Takes no more lines, and waits until those queued are written or the time is up.
    ///
    /// - Parameter limit: The longest wait; a descriptor that blocks must not hold up the end of the process.
    /// - Returns: Whether every queued line was written.
    @discardableResult
    package func close(within limit: Duration) async -> Bool {
        let queue = self.queue
        let result = DrainResult()
        queue.signal { $0.isClosed = true }
        // Waiting blocks, so it happens on a thread of its own and not on the pool.
        let waiter = DedicatedThread(name: "log-close") {
            let drained = queue.wait(timeout: limit) { $0.isIdle && $0.bytes.isEmpty ? true : nil }
            result.isDrained.store(drained ?? false, ordering: .releasing)
        }
        await waiter.join()
        return result.isDrained.load(ordering: .acquiring)
    }

    /// Takes all waiting lines; an empty batch says that the thread may end, `nil` that there is nothing yet.
    private static func takeBatch(_ queue: inout Queue) -> (bytes: [UInt8], dropped: UInt64)? {
        guard !queue.bytes.isEmpty || queue.droppedSinceNotice > 0 else { return queue.isClosed ? ([], 0) : nil }
        queue.isIdle = false
        defer {
            queue.bytes = []
            queue.droppedSinceNotice = 0
        }
        return (queue.bytes, queue.droppedSinceNotice)
    }

    private static func notice(droppedLines: UInt64) -> LogRecord {
        LogRecord(
            time: .now(),
            level: .warning,
            message: "log lines dropped",
            fields: [LogRecord.Field("count", .integer(droppedLines))]
        )
    }
}

/// Shared by the sink and its thread.
private final class DroppedLines: Sendable {
    let count = Atomic<UInt64>(0)

    func add(_ lines: UInt64) { self.count.wrappingAdd(lines, ordering: .relaxed) }
}

/// Carries one answer from a thread.
private final class DrainResult: Sendable {
    let isDrained = Atomic(false)
}

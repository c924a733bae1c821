// SPDX-License-Identifier: Apache-2.0

package import Kafka
package import Rollouts
import Synchronization
package import Values

/// Reads one journal partition from its beginning to its end.
package enum JournalScan {
    /// Reads a partition.
    ///
    /// Rule 4: the end is what a `read_uncommitted` reader sees now; a `read_committed` one reads up to it, however long
    /// an open transaction holds it back; `heldBack` is told where, about once a second.
    ///
    /// - Throws: `KafkaError` when the partition can't be read, or the calling task is cancelled.
    static func snapshot(
        of partition: TopicPartition,
        _ reader: PartitionReader,
        hourlyRoutes: Set<String> = [],
        heldBack: @escaping @Sendable (Offset) -> Void = { _ in }
    ) async throws(KafkaError) -> JournalSnapshot {
        let end = try await reader.endOffset(partition, isolation: .uncommitted)
        return try await self.snapshot(
            of: partition,
            reader,
            until: end,
            hourlyRoutes: hourlyRoutes,
            heldBack: heldBack
        )
    }

    /// Reads a partition up to an end that was found before.
    ///
    /// - Throws: `KafkaError` when the partition can't be read, or the calling task is cancelled.
    package static func snapshot(
        of partition: TopicPartition,
        _ reader: PartitionReader,
        until end: Offset,
        hourlyRoutes: Set<String> = [],
        heldBack: @escaping @Sendable (Offset) -> Void = { _ in }
    ) async throws(KafkaError) -> JournalSnapshot {
        let start = try await reader.lowWatermark(partition)
        let builder = SnapshotBuilder(hourlyRoutes: hourlyRoutes)
        _ = try await reader.scan(
            partition,
            from: start,
            isolation: .committed,
            until: end,
            heldBack: heldBack
        ) { record in
            builder.add(record)
        }
        return builder.take()
    }
}

/// Builds a journal's snapshot on the reader's thread.
private final class SnapshotBuilder: Sendable {
    private let snapshot: Mutex<JournalSnapshot>

    init(hourlyRoutes: Set<String>) {
        self.snapshot = Mutex(JournalSnapshot(now: .now(), hourlyRoutes: hourlyRoutes))
    }

    /// Adds a record; what is kept of it is copied.
    func add(_ record: borrowing RecordView) {
        var headers = JournalHeaders()
        record.forEachHeader { headers.take($0, $1) }
        let (time, offset) = (record.timestamp, record.offset)
        record.withKey { key in
            self.snapshot.withLock { snapshot in
                snapshot.add(
                    key: key ?? UnsafeRawBufferPointer(start: nil, count: 0),
                    offset: offset,
                    time: time,
                    headers: headers,
                    value: { record.withValue { $0.map { Array($0) } } }
                )
            }
        }
    }

    /// Gives the snapshot away.
    func take() -> JournalSnapshot {
        self.snapshot.withLock { snapshot in
            defer { snapshot = JournalSnapshot() }
            return snapshot
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

package import Values

/// One partition: records and transaction markers in the order of their offsets.
///
/// Compaction is off: a compacted journal shows a reader the same newest records, and so the same snapshot.
package struct PartitionLog: Sendable {
    /// A record as it stands in the log.
    package struct Record: Sendable {
        /// The key.
        package var key: [UInt8]?
        /// The value; `nil` for a tombstone.
        package var value: [UInt8]?
        /// The header fields.
        package var headers: [RecordHeader]
        /// When it was made, by its writer's clock.
        package var timestamp: Timestamp
    }

    struct Entry: Sendable {
        /// `nil` for a marker, which takes a place that no reader sees.
        var record: Record?
        /// The transaction that wrote it, by its number; -1 for none.
        var transaction: Int
    }

    private(set) var entries: [Entry] = []
    /// The oldest offset kept.
    package private(set) var low: Int64 = 0
    /// Transactions that have written here and are not ended, with their first offsets here, in that order.
    private(set) var open: [(transaction: Int, first: Int64)] = []
    /// The time until which the partition has no leader.
    var leaderlessUntil = MonotonicTime.zero

    /// One past the newest entry.
    package var high: Int64 { self.low + Int64(self.entries.count) }

    /// What a `read_committed` reader may see lies before this: the last stable offset.
    package var lastStable: Int64 { self.open.first?.first ?? self.high }

    mutating func append(_ record: Record, transaction: Int = -1) {
        if transaction >= 0, !self.open.contains(where: { $0.transaction == transaction }) {
            self.open.append((transaction, self.high))
        }
        self.entries.append(Entry(record: record, transaction: transaction))
    }

    /// Writes the marker that ends a transaction here.
    mutating func end(_ transaction: Int) {
        self.open.removeAll { $0.transaction == transaction }
        self.entries.append(Entry(record: nil, transaction: transaction))
    }

    func entry(at offset: Int64) -> Entry { self.entries[Int(offset - self.low)] }

    /// Drops all entries, as a topic that was deleted and made again; offsets begin at zero.
    mutating func remake() {
        self.entries = []
        self.open = []
        self.low = 0
    }

    /// Drops what retention has taken; nothing of an open transaction.
    mutating func trim(to offset: Int64) {
        let count = Int(max(0, min(offset, self.lastStable) - self.low))
        self.entries.removeFirst(count)
        self.low += Int64(count)
    }

    /// The first offset whose record is as new as a time; `nil` where none is.
    func offset(at time: Timestamp) -> Int64? {
        for (index, entry) in self.entries.enumerated() {
            if let record = entry.record, record.timestamp >= time { return self.low + Int64(index) }
        }
        return nil
    }
}

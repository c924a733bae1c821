// SPDX-License-Identifier: Apache-2.0

import Kafka
import Synchronization
import Values

/// What this process has committed, and by what workers know each other's offsets.
///
/// An offset is only a number and does not say who committed it: a worker, an operator's tool, or a consumer that was given
/// the group's id. So workers write a word beside theirs.
final class ReadMarks: Sendable {
    /// What a committed offset is worth.
    enum Judgement: Equatable {
        /// A worker has committed it.
        case ours
        /// Somebody else has; it is read on from there, or from where this process was, if that is before it.
        case foreign(readFrom: Offset)
    }

    /// Stands beside each offset that a worker commits.
    static let note = "slipway"

    private let committed = Mutex<[TopicPartition: Offset]>([:])

    /// What is written beside offsets.
    func notes(for partitions: some Collection<TopicPartition>) -> [TopicPartition: String] {
        Dictionary(partitions.map { ($0, Self.note) }) { first, _ in first }
    }

    /// Offsets of this process are committed.
    func committed(_ offsets: [TopicPartition: Offset]) {
        self.committed.withLock { $0.merge(offsets) { _, newest in newest } }
    }

    /// Judges an offset that the group has committed, and notes it if a worker has.
    func judge(_ partition: TopicPartition, _ found: CommittedOffset) -> Judgement {
        self.committed.withLock { committed in
            guard found.note == Self.note else {
                // What was passed over since this process had the partition is read again.
                return .foreign(readFrom: min(committed[partition] ?? found.offset, found.offset))
            }
            committed[partition] = found.offset
            return .ours
        }
    }

    /// The group has no offset of a partition.
    ///
    /// - Returns: Whether this process knows of one.
    func isGone(_ partition: TopicPartition) -> Bool {
        self.committed.withLock { $0.removeValue(forKey: partition) } != nil
    }
}

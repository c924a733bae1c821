// SPDX-License-Identifier: Apache-2.0

package import Values

/// All that one transaction writes.
package struct TransactionBatch: Hashable, Sendable {
    /// The records, in order.
    package var records: [ProducerRecord]
    /// The next offset to read of each partition concerned; at least one, since only they fence the transaction.
    package var offsets: [TopicPartition: Offset]
    /// What is kept beside an offset, in words of whoever commits it (`CommittedOffset.note`).
    package var notes: [TopicPartition: String] = [:]
    /// Proves that the offsets' partitions were assigned to us.
    package var membership: GroupMembership
    /// Creates a batch.
    package init(records: [ProducerRecord], offsets: [TopicPartition: Offset], membership: GroupMembership) {
        self.records = records
        self.offsets = offsets
        self.membership = membership
    }
}

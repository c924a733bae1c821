// SPDX-License-Identifier: Apache-2.0

package import Values

/// What a consumer tells its one reader, in this order of urgency: anything but records goes first.
package enum ConsumerEvent: Sendable {
    /// Records, in runs of one partition each, in order within each partition; none of a partition paused, sought or revoked
    /// before they were taken out.
    case records([MarkedRecords])
    /// Partitions gained, each paused: resume it when it may be read. The list is not empty.
    case assigned([TopicPartition], membership: GroupMembership)
    /// Partitions to be given back as soon as the revocation of that number is let go (`Consumer.letGo`), or its time is up.
    ///
    /// Until then transactions may still commit offsets of theirs, with the membership told just before this event: older
    /// ones are stale already.
    case revoked([TopicPartition], revocation: UInt64)
    /// Partitions that others may own already; there is no membership until partitions are assigned again.
    case lost([TopicPartition])
    /// The group went through a rebalance: the older membership is stale, the partitions are as they were.
    case membershipChanged(GroupMembership)
    /// The position, as committed or sought, is outside the partition: reading goes on at its oldest record.
    ///
    /// What lay between is gone: the low watermark minus this offset, when that is positive.
    case offsetOutOfRange(TopicPartition, Offset)
    /// An error that belongs to no call; a fatal one ends the consumer's usefulness.
    case error(KafkaError)
}

/// Records of one partition, with the mark of the newest seek of it.
package struct MarkedRecords: Hashable, Sendable {
    /// The partition.
    package var partition: TopicPartition
    /// What the application marked its newest seek of the partition with; `nil` where it has not sought yet.
    ///
    /// So a reader that is overtaken by a seek, while it has records in hand, knows that they are of earlier.
    package var mark: UInt64?
    /// The records, in order; at least one.
    package var records: ArraySlice<ConsumedRecord>

    /// Creates a run.
    package init(partition: TopicPartition, mark: UInt64?, records: ArraySlice<ConsumedRecord>) {
        self.partition = partition
        self.mark = mark
        self.records = records
    }
}

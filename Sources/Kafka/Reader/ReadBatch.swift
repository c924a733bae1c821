// SPDX-License-Identifier: Apache-2.0

package import Values

/// What one poll of a `PartitionReader` brought.
package struct ReadBatch: Hashable, Sendable {
    /// Records, in order within each partition.
    package var records: [ConsumedRecord] = []
    /// Partitions read to their end as it was then, with the offset of that end.
    package var ends: [TopicPartition: Offset] = [:]

    /// Creates an empty batch.
    package init() {}
}

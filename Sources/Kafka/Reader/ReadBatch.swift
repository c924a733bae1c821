// SPDX-License-Identifier: Apache-2.0

package import Values

/// What one poll of a `PartitionReader` brought.
package struct ReadBatch: Hashable, Sendable {
    /// Records, in order within each partition; among them, in their place, what stands for those that nobody can read.
    package var records: [ConsumedRecord] = []
    /// Partitions read to their end as it was then, with the offset of that end.
    package var ends: [TopicPartition: Offset] = [:]

    /// Whether a batch that can't be read is being stepped over: what comes next is on its way.
    package var isSteppingOver = false

    /// Creates an empty batch.
    package init() {}
}

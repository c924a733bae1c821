// SPDX-License-Identifier: Apache-2.0

package import Values

/// Where a record was written.
package struct RecordMetadata: Hashable, Sendable {
    /// The partition that the partitioner, or the record itself, chose.
    package let partition: Partition
    /// The place in the partition.
    package let offset: Offset

    /// Creates a place.
    package init(partition: Partition, offset: Offset) {
        self.partition = partition
        self.offset = offset
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A tombstone that has no meaning but its place in the log: the end of the transaction that wrote it ends what an earlier one
/// has left open there.
package enum Barrier {
    /// Its key.
    package static let key = Array("barrier".utf8)

    /// Returns whether a record is one.
    package static func isOne(_ record: ConsumedRecord) -> Bool { record.value == nil && record.key == self.key }

    /// Returns the record for a partition.
    package static func record(for partition: TopicPartition) -> ProducerRecord {
        ProducerRecord(topic: partition.topic, partition: partition.partition, key: self.key, value: nil)
    }
}

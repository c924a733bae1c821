// SPDX-License-Identifier: Apache-2.0

/// A record that has no meaning but its place in the log: the end of the transaction that wrote it ends what an earlier one
/// has left open there.
///
/// In journal and inbox it is a tombstone; where other programs read, an event of a type of its own.
package enum Barrier {
    /// Its key.
    package static let key = Array("barrier".utf8)

    /// CloudEvents type of one on the status topic and among dead letters; begins like no status of a rollout.
    package static let eventType = "dev.slipway.transaction.settled.v1"

    /// Returns whether a record is one of journal or inbox.
    package static func isOne(_ record: ConsumedRecord) -> Bool { record.value == nil && record.key == self.key }

    /// Returns whether a status or a dead letter is none, but such an event.
    package static func isEvent(_ record: ConsumedRecord) -> Bool {
        record.key == self.key && record.headers.contains { $0.name == "ce_type" && $0.text == self.eventType }
    }

    /// Returns the record for a partition of journal or inbox.
    package static func record(for partition: TopicPartition) -> ProducerRecord {
        ProducerRecord(topic: partition.topic, partition: partition.partition, key: self.key, value: nil)
    }
}

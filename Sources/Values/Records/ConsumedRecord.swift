// SPDX-License-Identifier: Apache-2.0

/// A record as it was read from a partition.
package struct ConsumedRecord: Hashable, Sendable {
    /// Where it was read.
    package var topicPartition: TopicPartition
    /// Its place in the partition.
    package var offset: Offset
    /// Creation or append time, as the topic is configured; `nil` when it has none.
    package var timestamp: Timestamp?
    /// The key; `nil` when it has none.
    package var key: [UInt8]?
    /// The value; `nil` for a tombstone.
    package var value: [UInt8]?
    /// The header fields in their order; a name may come more than once.
    package var headers: [RecordHeader]
    /// Where this stands for records that nobody can read, in their place: which; it has no key, value or header fields then.
    package var lost: LostRange?

    /// Creates a record.
    package init(
        topicPartition: TopicPartition,
        offset: Offset,
        timestamp: Timestamp? = nil,
        key: [UInt8]? = nil,
        value: [UInt8]?,
        headers: [RecordHeader] = []
    ) {
        self.topicPartition = topicPartition
        self.offset = offset
        self.timestamp = timestamp
        self.key = key
        self.value = value
        self.headers = headers
    }

    /// Creates what stands for records that nobody can read.
    package init(topicPartition: TopicPartition, lost: LostRange) {
        self.init(topicPartition: topicPartition, offset: lost.first, value: nil)
        self.lost = lost
    }

    /// The offset after it.
    package var next: Offset { self.lost?.next ?? self.offset.next }

    /// The topic it was read from.
    package var topic: String { self.topicPartition.topic }

    /// The partition it was read from.
    package var partition: Partition { self.topicPartition.partition }

    /// Bytes of key, value and header fields.
    package var sizeBytes: Int {
        (self.key?.count ?? 0) + (self.value?.count ?? 0) + self.headers.sizeBytes
    }
}

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

    /// The topic it was read from.
    package var topic: String { self.topicPartition.topic }

    /// The partition it was read from.
    package var partition: Partition { self.topicPartition.partition }

    /// Bytes of key, value and header fields.
    package var sizeBytes: Int {
        self.headers.reduce((self.key?.count ?? 0) + (self.value?.count ?? 0)) { $0 + $1.sizeBytes }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A record to be written.
package struct ProducerRecord: Hashable, Sendable {
    /// The topic to write to.
    package var topic: String
    /// The partition to write to; `nil` leaves it to the partitioner (murmur2 of the key, random without a key).
    package var partition: Partition?
    /// The key; `nil` for none.
    package var key: [UInt8]?
    /// The value; `nil` makes it a tombstone.
    package var value: [UInt8]?
    /// The header fields in their order; a name may not contain a zero byte.
    package var headers: [RecordHeader]
    /// Creation time; `nil` takes the time of sending.
    package var timestamp: Timestamp?

    /// Creates a record.
    package init(
        topic: String,
        partition: Partition? = nil,
        key: [UInt8]?,
        value: [UInt8]?,
        headers: [RecordHeader] = [],
        timestamp: Timestamp? = nil
    ) {
        self.topic = topic
        self.partition = partition
        self.key = key
        self.value = value
        self.headers = headers
        self.timestamp = timestamp
    }

    /// Most bytes that the record can take in a batch of its own, to be held against the topic's `max.message.bytes`.
    ///
    /// Kafka's record format, version 2: 61 bytes for the batch, at most 36 for a record's own fields, and a length of at
    /// most 5 bytes before each key, value, header name and header value.
    package var maximumSizeBytes: Int {
        61 + 36 + (self.key?.count ?? 0) + (self.value?.count ?? 0) + self.headers.sizeBytes + 10 * self.headers.count
    }
}

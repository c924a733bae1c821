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
    /// The headers in their order; a key may not contain a zero byte.
    package var headers: [Header]
    /// Creation time in milliseconds since 1970; `nil` takes the time of sending.
    package var timestampMilliseconds: Int64?

    /// Creates a record.
    package init(
        topic: String,
        partition: Partition? = nil,
        key: [UInt8]?,
        value: [UInt8]?,
        headers: [Header] = [],
        timestampMilliseconds: Int64? = nil
    ) {
        self.topic = topic
        self.partition = partition
        self.key = key
        self.value = value
        self.headers = headers
        self.timestampMilliseconds = timestampMilliseconds
    }
}

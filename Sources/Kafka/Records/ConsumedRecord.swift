// SPDX-License-Identifier: Apache-2.0

/// A record as it was read from a partition, copied out of librdkafka's memory.
package struct ConsumedRecord: Hashable, Sendable {
    /// Where it was read.
    package let topicPartition: TopicPartition
    /// Its place in the partition.
    package let offset: Offset
    /// Creation or append time in milliseconds since 1970, as the topic is configured; `nil` when it has none.
    package let timestampMilliseconds: Int64?
    /// The key; `nil` when it has none.
    package let key: [UInt8]?
    /// The value; `nil` for a tombstone.
    package let value: [UInt8]?
    /// The headers in their order.
    package let headers: [Header]

    /// Creates a record, as a fake source of records does.
    package init(
        topicPartition: TopicPartition,
        offset: Offset,
        timestampMilliseconds: Int64? = nil,
        key: [UInt8]?,
        value: [UInt8]?,
        headers: [Header] = []
    ) {
        self.topicPartition = topicPartition
        self.offset = offset
        self.timestampMilliseconds = timestampMilliseconds
        self.key = key
        self.value = value
        self.headers = headers
    }

    /// About what the record occupies: key, value and headers in bytes.
    package var sizeBytes: Int {
        self.headers.reduce((self.key?.count ?? 0) + (self.value?.count ?? 0)) {
            $0 + $1.key.utf8.count + ($1.value?.count ?? 0)
        }
    }
}

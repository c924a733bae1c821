// SPDX-License-Identifier: Apache-2.0

/// One record to be written, in plain values.
package struct OutgoingRecord: Sendable, Equatable {
    /// The topic by what it is for; its name is configuration.
    package enum TopicRole: String, Sendable, CaseIterable {
        /// Status events.
        case status
        /// Dead letters.
        case dead
        /// Events: emitted, replayed or forwarded.
        case events
    }

    /// Where it goes.
    package var topic: TopicRole
    /// Key; `nil` for none.
    package var key: [UInt8]?
    /// Value; `nil` only in the dead letter of a record that had none.
    package var value: [UInt8]?
    /// Header fields in their order.
    package var headers: [RecordHeader]
    /// Partition, where the key does not decide it.
    package var partition: Int32?
    /// Timestamp to keep, in milliseconds since 1970; `nil` for that of sending.
    package var timestampMilliseconds: Int64?

    /// Creates a record.
    package init(
        topic: TopicRole,
        key: [UInt8]?,
        value: [UInt8]?,
        headers: [RecordHeader] = [],
        partition: Int32? = nil,
        timestampMilliseconds: Int64? = nil
    ) {
        self.topic = topic
        self.key = key
        self.value = value
        self.headers = headers
        self.partition = partition
        self.timestampMilliseconds = timestampMilliseconds
    }

    /// Most bytes that the record can take in a batch of its own, to be held against the topic's `max.message.bytes`.
    ///
    /// Kafka's record format, version 2: 61 bytes for the batch, at most 36 for a record's own fields, and a length of at
    /// most 5 bytes before each key, value, header name and header value.
    package var maximumSizeBytes: Int {
        self.headers.reduce(61 + 36 + (self.key?.count ?? 0) + (self.value?.count ?? 0)) { $0 + $1.sizeBytes + 10 }
    }
}

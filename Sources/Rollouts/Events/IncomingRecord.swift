// SPDX-License-Identifier: Apache-2.0

/// One record of the events topic as it was read, in plain values.
package struct IncomingRecord: Sendable, Equatable {
    /// Topic.
    package var topic: String
    /// Partition.
    package var partition: Int32
    /// Offset.
    package var offset: Int64
    /// The record's timestamp in milliseconds since 1970; `nil` where the broker gives none.
    package var timestampMilliseconds: Int64?
    /// Key; `nil` for none.
    package var key: [UInt8]?
    /// Value; `nil` is a tombstone.
    package var value: [UInt8]?
    /// Header fields in their order; a name may come more than once.
    package var headers: [RecordHeader]

    /// Creates a record.
    package init(
        topic: String,
        partition: Int32,
        offset: Int64,
        timestampMilliseconds: Int64? = nil,
        key: [UInt8]? = nil,
        value: [UInt8]?,
        headers: [RecordHeader] = []
    ) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.timestampMilliseconds = timestampMilliseconds
        self.key = key
        self.value = value
        self.headers = headers
    }

    /// Bytes of key, value and header fields.
    package var sizeBytes: Int {
        self.headers.reduce((self.key?.count ?? 0) + (self.value?.count ?? 0)) { $0 + $1.sizeBytes }
    }

    /// Where the event stood first: what a forwarded record carries in its headers, else where this record stands.
    ///
    /// Header fields that say it wrongly are as good as none here; `EventDecoder` refuses them by name.
    package var origin: Origin {
        Forwarding.origin(in: self.headers)
            ?? Origin(topic: self.topic, partition: self.partition, offset: self.offset)
    }

    /// Whether it was forwarded to this partition, so that it is never forwarded again.
    package var isForwarded: Bool { self.headers.contains { $0.name == Forwarding.HeaderName.forwarded } }
}

/// One header field of a record.
package struct RecordHeader: Sendable, Equatable {
    /// Name.
    package var name: String
    /// Value; Kafka allows `nil`.
    package var value: [UInt8]?

    /// Creates a header field.
    package init(_ name: String, _ value: [UInt8]?) {
        self.name = name
        self.value = value
    }

    /// Creates a header field with a text as value.
    package init(_ name: String, _ text: String) { self.init(name, Array(text.utf8)) }

    /// The value as text; `nil` where there is none or it is not UTF-8.
    package var text: String? { self.value.flatMap { String(validating: $0, as: UTF8.self) } }

    /// Bytes of name and value.
    package var sizeBytes: Int { self.name.utf8.count + (self.value?.count ?? 0) }
}

// SPDX-License-Identifier: Apache-2.0

package import Values

/// Sending an event from the partition where it was met to the one that owns its model.
package enum Forwarding {
    /// Names of the header fields, which only the worker sets.
    package enum HeaderName {
        /// Every header field of ours begins so.
        package static let prefix = "slipway_"
        /// Marks a forwarded event; it is never forwarded again.
        package static let forwarded = "slipway_forwarded"
        /// Topic where the event stood first.
        package static let originTopic = "slipway_origin_topic"
        /// Partition where the event stood first.
        package static let originPartition = "slipway_origin_partition"
        /// Offset where the event stood first.
        package static let originOffset = "slipway_origin_offset"
    }

    /// Returns the record for the owner's partition: the same key, value and header fields, and the origin.
    ///
    /// - Parameters:
    ///   - record: An event that was not forwarded before.
    ///   - owner: The partition that owns its model.
    /// - Returns: The record to be written.
    package static func record(_ record: ConsumedRecord, to owner: TopicPartition) -> ProducerRecord {
        precondition(!record.isForwarded, "a forwarded event is never forwarded again")
        return ProducerRecord(
            topic: owner.topic,
            partition: owner.partition,
            key: record.key,
            value: record.value,
            headers: record.headers + [RecordHeader(HeaderName.forwarded, "1")] + self.headers(record.origin),
            timestamp: record.timestamp
        )
    }

    /// The header fields that say where an event stood first.
    package static func headers(_ origin: Origin) -> [RecordHeader] {
        [
            RecordHeader(HeaderName.originTopic, origin.topic),
            RecordHeader(HeaderName.originPartition, origin.partition.description),
            RecordHeader(HeaderName.originOffset, origin.offset.description),
        ]
    }

    /// Returns the origin that a forwarded record's header fields say; `nil` where they say none or not clearly.
    package static func origin(in headers: [RecordHeader]) -> Origin? {
        guard !headers.isEmpty, self.value(of: HeaderName.forwarded, in: headers) != nil,
            let topic = self.value(of: HeaderName.originTopic, in: headers), !topic.isEmpty,
            let partition = self.value(of: HeaderName.originPartition, in: headers).flatMap({ Int32($0) }).map(
                Partition.init(rawValue:)
            ),
            let offset = self.value(of: HeaderName.originOffset, in: headers).flatMap({ Int64($0) }).map(
                Offset.init(rawValue:)
            ),
            partition >= 0, offset >= 0
        else { return nil }
        return Origin(topic: topic, partition: partition, offset: offset)
    }

    /// The text of a header field that is there exactly once.
    private static func value(of name: String, in headers: [RecordHeader]) -> String? {
        var found: String?
        for header in headers where header.name == name {
            guard found == nil, let text = header.text else { return nil }
            found = text
        }
        return found
    }
}

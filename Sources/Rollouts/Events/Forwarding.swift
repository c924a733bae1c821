// SPDX-License-Identifier: Apache-2.0

import JSON
package import Values

/// Passing an event, or a whole rollout, on to the partition of the inbox that owns it.
///
/// An inbox record has the rollout's id as key and the time of passing on as timestamp, so that the inbox's retention counts
/// from there; the event's own key and time travel in header fields.
package enum Forwarding {
    /// Names of the header fields, which count only in the inbox, where workers alone write.
    package enum HeaderName {
        /// Every header field of ours begins so.
        package static let prefix = "slipway_"
        /// How often the event has been passed on.
        package static let hops = "slipway_hops"
        /// Marks a rollout that moves; its value is the partition that it comes from.
        package static let moved = "slipway_moved"
        /// Marks a notice of room.
        package static let room = "slipway_room"
        /// Topic where the event stood first.
        package static let originTopic = "slipway_origin_topic"
        /// Partition where the event stood first.
        package static let originPartition = "slipway_origin_partition"
        /// Offset where the event stood first.
        package static let originOffset = "slipway_origin_offset"
        /// The event's own key; absent where it had none.
        package static let originKey = "slipway_origin_key"
        /// The event's own timestamp in milliseconds since 1970; absent where it had none.
        package static let originTime = "slipway_origin_time"

        fileprivate static let all = [
            hops, moved, room, originTopic, originPartition, originOffset, originKey, originTime,
        ]
    }

    /// How often an event is passed on at most: workers with different routes would do it for ever.
    package static let maximumHops = 3

    /// Returns the inbox record of an event.
    ///
    /// - Parameters:
    ///   - event: The event and its owner.
    ///   - inbox: Name of the inbox.
    /// - Returns: The record to be written.
    package static func record(_ event: ForwardedEvent, inbox: String) -> ProducerRecord {
        let original = event.record
        var headers = original.headers.filter { !HeaderName.all.contains($0.name) }
        headers.append(RecordHeader(HeaderName.hops, String(original.hops + 1)))
        headers += self.headers(original.origin)
        if let key = original.key { headers.append(RecordHeader(HeaderName.originKey, key)) }
        if let time = original.timestamp {
            headers.append(RecordHeader(HeaderName.originTime, String(time.millisecondsSinceEpoch)))
        }
        return ProducerRecord(
            topic: inbox,
            partition: event.owner,
            key: event.id.digits,
            value: original.value,
            headers: headers,
            timestamp: event.time
        )
    }

    /// Returns the inbox record of a rollout that moves.
    ///
    /// - Parameters:
    ///   - move: The rollout and the partition that owns it from now on.
    ///   - inbox: Name of the inbox.
    /// - Returns: The record to be written.
    package static func record(_ move: Coordinator.Move, inbox: String) -> ProducerRecord {
        let state = move.rollout
        return ProducerRecord(
            topic: inbox,
            partition: move.to,
            key: state.id.digits,
            value: JSONWriter.object { state.write(to: &$0) },
            headers: [RecordHeader(HeaderName.moved, String(state.partition.rawValue))]
        )
    }

    /// The header fields that say where an event stood first.
    package static func headers(_ origin: Origin) -> [RecordHeader] {
        [
            RecordHeader(HeaderName.originTopic, origin.topic),
            RecordHeader(HeaderName.originPartition, String(origin.partition.rawValue)),
            RecordHeader(HeaderName.originOffset, String(origin.offset.rawValue)),
        ]
    }

    /// Returns an event of the inbox as it stood in its own topic; `nil` for a record that no worker wrote.
    package static func original(_ record: ConsumedRecord) -> OriginalRecord? {
        guard let origin = self.origin(in: record.headers) else { return nil }
        let time = self.value(of: HeaderName.originTime, in: record.headers).flatMap { Int64($0) }
        return OriginalRecord(
            origin: origin,
            timestamp: time.map { Timestamp(millisecondsSinceEpoch: $0) },
            key: record.headers.first { $0.name == HeaderName.originKey }?.value,
            value: record.value,
            headers: record.headers.filter { !HeaderName.all.contains($0.name) },
            hops: self.value(of: HeaderName.hops, in: record.headers).flatMap { Int($0) } ?? 0
        )
    }

    /// Returns the origin that an inbox record's header fields say; `nil` where they say none or not clearly.
    package static func origin(in headers: [RecordHeader]) -> Origin? {
        guard !headers.isEmpty, let topic = self.value(of: HeaderName.originTopic, in: headers), !topic.isEmpty,
            let partition = self.value(of: HeaderName.originPartition, in: headers).flatMap({ Int32($0) }),
            let offset = self.value(of: HeaderName.originOffset, in: headers).flatMap({ Int64($0) }),
            partition >= 0, offset >= 0
        else { return nil }
        return Origin(topic: topic, partition: Partition(rawValue: partition), offset: Offset(rawValue: offset))
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

// SPDX-License-Identifier: Apache-2.0

import JSON
import Values

/// A `Barrier` where other programs read: an event that says what it is for.
struct BarrierEvent: Sendable, Equatable {
    /// The partition.
    var place: TopicPartition
    /// When it was written.
    var time: Timestamp

    private static let message =
        "A broker was lost right after a commit and may have left that transaction open here. It has ended: "
        + "what readers of committed records were kept from can be read. Nothing is to be done."

    func record(source: String, process: String) -> ProducerRecord {
        let (place, time) = (self.place, self.time.description)
        return ProducerRecord(
            topic: place.topic,
            partition: place.partition,
            key: Barrier.key,
            value: JSONWriter.object { writer in
                writer.field("topic", place.topic)
                writer.field("partition", place.partition.rawValue)
                writer.field("time", time)
                writer.field("message", Self.message)
            },
            headers: [
                RecordHeader("ce_specversion", "1.0"),
                RecordHeader("ce_type", Barrier.eventType),
                RecordHeader("ce_source", source),
                RecordHeader("ce_id", "\(process)-\(place.topic)-\(place.partition.rawValue)-\(time)"),
                RecordHeader("ce_time", time),
                RecordHeader("content-type", "application/json"),
            ]
        )
    }
}

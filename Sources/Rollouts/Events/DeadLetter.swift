// SPDX-License-Identifier: Apache-2.0

import Digest
import JSON
package import Values

/// The record that keeps an event which can't be understood: its key, bytes and header fields, and why.
package enum DeadLetter {
    /// Names of the header fields beside those of the origin.
    package enum HeaderName {
        /// Named kind of reason.
        package static let `class` = "slipway_class"
        /// One line for people.
        package static let reason = "slipway_reason"
        /// What an operator does next.
        package static let nextStep = "slipway_next_step"
        /// When it was put aside, RFC 3339.
        package static let time = "slipway_time"
        /// `origin` where the event had no key, and its place stands in for one.
        package static let key = "slipway_key"
        /// The offset after the last one, where the letter stands for several.
        package static let originUntil = "slipway_origin_until"
        /// What had to be left out for size: `value`, or `all` for key, value and header fields.
        package static let omitted = "slipway_omitted"
    }

    /// Writes a dead letter.
    ///
    /// Where the whole does not fit, hash and length stand in place of the value; where that does not fit either, in
    /// place of all that the producer sent.
    ///
    /// - Parameters:
    ///   - record: The record as it was met; `slipway_*` header fields of it are dropped.
    ///   - reason: Why it can't be understood.
    ///   - time: Now.
    ///   - topic: The dead-letter topic.
    ///   - maximumBytes: What the dead-letter topic takes at most.
    /// - Returns: The record to be written.
    package static func record(
        _ record: OriginalRecord,
        reason: DeadLetterReason,
        time: Timestamp,
        topic: String,
        maximumBytes: Int
    ) -> ProducerRecord {
        let original = record.headers.filter { !$0.name.hasPrefix(Forwarding.HeaderName.prefix) }
        // A compacted topic refuses records without a key, and of those with one key keeps the newest.
        let place = "\(record.origin.topic)/\(record.origin.partition.rawValue)/\(record.origin.offset.rawValue)"
        let key = record.key ?? Array(place.utf8)
        let ours =
            [
                RecordHeader(HeaderName.class, reason.class.rawValue),
                RecordHeader(HeaderName.reason, reason.message),
                RecordHeader(HeaderName.nextStep, reason.nextStep),
                RecordHeader(HeaderName.time, time.description),
            ] + Forwarding.headers(record.origin) + (record.key == nil ? [RecordHeader(HeaderName.key, "origin")] : [])
            + (reason.lost.map { [RecordHeader(HeaderName.originUntil, "\($0.next.rawValue)")] } ?? [])
        let whole = ProducerRecord(topic: topic, key: key, value: record.value, headers: original + ours)
        guard whole.maximumSizeBytes > maximumBytes else { return whole }
        let stand = self.standIn(for: record)
        let withoutValue = ProducerRecord(
            topic: topic,
            key: key,
            value: stand,
            headers: original + ours + [RecordHeader(HeaderName.omitted, "value")]
        )
        guard withoutValue.maximumSizeBytes > maximumBytes else { return withoutValue }
        return ProducerRecord(
            topic: topic,
            key: Array(place.utf8),
            value: stand,
            headers: ours + [RecordHeader(HeaderName.omitted, "all")]
        )
    }

    private static func standIn(for record: OriginalRecord) -> [UInt8] {
        JSONWriter.object { writer in
            writer.object("value") { self.describe(record.value, &$0) }
            writer.object("key") { self.describe(record.key, &$0) }
            writer.field("headers", record.headers.count)
        }
    }

    private static func describe(_ bytes: [UInt8]?, _ writer: inout JSONWriter) {
        guard let bytes else { return }
        writer.field("bytes", bytes.count)
        writer.field("sha256", SHA256Digest.hash(bytes).hex)
    }
}

/// What the header fields of a dead letter say; lenient, since other versions may have written it.
package struct DeadLetterNote: Sendable, Equatable {
    /// Named kind of reason, as written.
    package let `class`: String
    /// One line for people.
    package let reason: String
    /// What an operator does next.
    package let nextStep: String?
    /// When it was put aside.
    package let time: Timestamp?
    /// Where the event stood first.
    package let origin: Origin?

    /// Reads header fields; `nil` if they are not those of a dead letter.
    package init?(headers: [RecordHeader]) {
        var texts: [String: String] = [:]
        for header in headers where header.name.hasPrefix(Forwarding.HeaderName.prefix) {
            texts[header.name] = header.text
        }
        guard let `class` = texts[DeadLetter.HeaderName.class] else { return nil }
        self.class = `class`
        self.reason = texts[DeadLetter.HeaderName.reason] ?? ""
        self.nextStep = texts[DeadLetter.HeaderName.nextStep]
        self.time = texts[DeadLetter.HeaderName.time].flatMap { Timestamp(rfc3339: $0) }
        if let topic = texts[Forwarding.HeaderName.originTopic],
            let partition = texts[Forwarding.HeaderName.originPartition].flatMap({ Int32($0) }).map(
                Partition.init(rawValue:)
            ),
            let offset = texts[Forwarding.HeaderName.originOffset].flatMap({ Int64($0) }).map(Offset.init(rawValue:))
        {
            self.origin = Origin(topic: topic, partition: partition, offset: offset)
        } else {
            self.origin = nil
        }
    }
}

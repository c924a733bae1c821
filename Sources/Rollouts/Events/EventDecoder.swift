// SPDX-License-Identifier: Apache-2.0

import JSON
import Values

/// What intake takes at most.
package struct EventLimits: Sendable, Equatable {
    /// Bytes of key, value and header fields; default 256 KiB.
    package var maximumBytes: Int
    /// Levels of nesting; default 32.
    package var maximumDepth: Int
    /// Header fields: CloudEvents has about ten, and a search through all of them for each must stay cheap.
    static let maximumHeaders = 256

    /// Creates limits.
    package init(maximumBytes: Int = 262_144, maximumDepth: Int = JSONValue.maximumDepth) {
        self.maximumBytes = maximumBytes
        self.maximumDepth = maximumDepth
    }
}

/// Reads events: CloudEvents 1.0 in binary and structured mode, and the plain `data` object.
///
/// Source: "Kafka Protocol Binding for CloudEvents", version 1.0.2, section 3. A structured event whose content type got
/// lost is known by its `specversion`, since the plain object has no such field. Everything else is a dead letter with
/// a name; unknown attributes and unknown fields are ignored.
package enum EventDecoder {
    /// Reads one record.
    ///
    /// - Parameters:
    ///   - record: Anything at all.
    ///   - limits: What is taken at most.
    /// - Returns: The event, or why the record can't be understood.
    package static func decode(
        _ record: OriginalRecord,
        limits: EventLimits = EventLimits()
    ) -> Result<RunFinishedEvent, DeadLetterReason> {
        Result { () throws(DeadLetterReason) in try self.read(record, limits: limits) }
    }

    private static func read(
        _ record: OriginalRecord,
        limits: EventLimits
    ) throws(DeadLetterReason) -> RunFinishedEvent {
        guard let body = record.value else { throw DeadLetterReason(.tombstone, "the record has no value") }
        guard !body.isEmpty else { throw DeadLetterReason(.empty, "the record's value is empty") }
        guard record.sizeBytes <= limits.maximumBytes else {
            throw DeadLetterReason(
                .tooLarge,
                "the record has \(record.sizeBytes) bytes, at most \(limits.maximumBytes) are taken"
            )
        }
        guard record.headers.count <= EventLimits.maximumHeaders else {
            throw DeadLetterReason(
                .tooLarge,
                "the record has \(record.headers.count) header fields, at most \(EventLimits.maximumHeaders) are taken"
            )
        }
        let attributes = try EventAttributes(headers: record.headers)
        let mediaType = attributes.mediaType
        if mediaType == "application/cloudevents+json" {
            return try self.structured(try self.parse(body, limits), record)
        }
        if let mediaType, mediaType.hasPrefix("application/cloudevents") {
            let wanted = mediaType.hasPrefix("application/cloudevents-batch") ? "one event a record as " : ""
            throw self.unsupported(mediaType, wanted: wanted + "application/cloudevents+json")
        }
        if attributes.isCloudEvent { try attributes.requireRunFinished() }
        try self.requireJSON(mediaType)
        let value = try self.parse(body, limits)
        guard !attributes.isCloudEvent else { return try self.event(attributes, data: value, record) }
        guard value["specversion"] == nil else { return try self.structured(value, record) }
        try attributes.refuseMisnamed()
        return self.plain(try EventDataReader.read(value), record)
    }

    private static func structured(
        _ value: JSONValue,
        _ record: OriginalRecord
    ) throws(DeadLetterReason) -> RunFinishedEvent {
        guard case .object = value else {
            throw DeadLetterReason(.wrongType, "the event is \(value.kind), must be an object")
        }
        let attributes = try EventAttributes(event: value)
        try attributes.requireRunFinished()
        try self.requireJSON(attributes.mediaType)
        guard value["data_base64"] == nil else {
            throw DeadLetterReason(.unsupportedContent, "data_base64 is not taken, must be data as a JSON object")
        }
        guard let data = value["data"] else { throw DeadLetterReason(.missingField, "data is missing") }
        var event = try self.event(attributes, data: data, record)
        event.claimsAuthority = AuthorityClaim.isMade(by: value)
        return event
    }

    private static func event(
        _ attributes: EventAttributes,
        data: JSONValue,
        _ record: OriginalRecord
    ) throws(DeadLetterReason) -> RunFinishedEvent {
        RunFinishedEvent(
            source: try attributes.require(.source),
            id: try attributes.require(.id),
            time: try attributes.time() ?? record.timestamp,
            subject: try attributes.text(.subject),
            partitionKey: try attributes.text(.partitionKey),
            data: try EventDataReader.read(data),
            traceparent: self.traceparent(attributes[.traceparent], record),
            isCloudEvent: true,
            origin: record.origin
        )
    }

    private static func plain(_ data: RunFinishedData, _ record: OriginalRecord) -> RunFinishedEvent {
        RunFinishedEvent(
            source: "",
            id: "",
            time: record.timestamp,
            data: data,
            traceparent: self.traceparent(nil, record),
            isCloudEvent: false,
            origin: record.origin
        )
    }

    /// The attribute, or else the header field that tracing libraries set; W3C says to ignore one that can't be read.
    private static func traceparent(_ attribute: String?, _ record: OriginalRecord) -> String? {
        let text = attribute ?? record.headers.first { $0.name == "traceparent" }?.text
        return text.flatMap { TraceContext(traceparent: $0) }?.traceparent
    }

    private static func requireJSON(_ mediaType: String?) throws(DeadLetterReason) {
        guard let mediaType else { return }
        guard mediaType == "application/json" || mediaType == "text/json" || mediaType.hasSuffix("+json") else {
            throw self.unsupported(mediaType, wanted: "application/json")
        }
    }

    private static func unsupported(_ mediaType: String, wanted: String) -> DeadLetterReason {
        DeadLetterReason(.unsupportedContent, "the content type is '\(printable(mediaType))', must be \(wanted)")
    }

    /// Names what the serializers of schema registries put in front: a zero byte, and a schema's id in four more.
    private static func refuseFraming(_ body: [UInt8]) throws(DeadLetterReason) {
        guard body.count >= 5, body[0] == 0 else { return }
        let id = body[1...4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let found = "the value begins as a schema registry's serializer frames it (a zero byte and schema id \(id))"
        throw DeadLetterReason(.unsupportedContent, "\(found), must be JSON alone")
    }

    /// Reads a body's JSON.
    static func parse(_ body: [UInt8], _ limits: EventLimits) throws(DeadLetterReason) -> JSONValue {
        try self.refuseFraming(body)
        do {
            return try JSONValue(parsing: body, maximumDepth: limits.maximumDepth)
        } catch {
            let reason: DeadLetterReason.Class =
                switch error.kind {
                case .truncated: .truncated
                case .notUTF8: .notUTF8
                case .tooDeep: .nestedTooDeeply
                case .duplicateName: .duplicateField
                case .malformed: .malformedJSON
                }
            throw DeadLetterReason(reason, error.description)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import JSON
package import Values

/// Reads commands: CloudEvents 1.0 in binary and structured mode, as events are read.
package enum CommandDecoder {
    /// What a record of the commands topic says.
    package enum Reading: Sendable, Equatable {
        /// It can be done.
        case command(OperatorCommand)
        /// It can't, and as much as is known of it.
        case refused(CommandHead, CommandRefusal)

        /// What every command says.
        var head: CommandHead {
            switch self {
            case .command(let command): command.head
            case .refused(let head, _): head
            }
        }

        /// The command, or why it can't be done.
        func get() throws(CommandRefusal) -> OperatorCommand {
            switch self {
            case .command(let command): return command
            case .refused(_, let refusal): throw refusal
            }
        }
    }

    /// Reads one record.
    ///
    /// - Parameters:
    ///   - record: Anything at all.
    ///   - limits: What is taken at most of the event that a command carries; the command may have twice as many bytes,
    ///     since it writes the event down as JSON.
    /// - Returns: What it says.
    package static func decode(_ record: ConsumedRecord, limits: EventLimits = EventLimits()) -> Reading {
        var head = CommandHead(
            id: "\(record.topic)/\(record.partition.rawValue)/\(record.offset.rawValue)",
            kind: OperatorCommand.unknownWord
        )
        // Even one that is too large to be read is answered under its name, for which its sender waits.
        if let id = Self.headerID(record), TextRule.attribute.isMet(by: id) { head.id = id }
        do throws(CommandRefusal) {
            let (attributes, data) = try self.open(record, limits)
            if let id = attributes[.id], TextRule.attribute.isMet(by: id) { head.id = id }
            head.kind = try self.kind(attributes)
            head.who = try self.line("who", data)
            head.reason = try self.line("reason", data)
            guard head.kind == OperatorCommand.replayWord else {
                throw CommandRefusal(.unknownCommand, "there is no command '\(printable(head.kind))', only 'replay'")
            }
            guard head.id == attributes[.id] else {
                throw CommandRefusal(.malformedCommand, "attribute id must be \(TextRule.attribute.allowed)")
            }
            let order = try self.replay(data, reason: head.reason ?? "")
            let time = attributes[.time].flatMap { Timestamp(rfc3339: $0) }
            return .command(OperatorCommand(head: head, time: time, kind: .replay(order)))
        } catch {
            return .refused(head, error)
        }
    }

    private static func headerID(_ record: ConsumedRecord) -> String? {
        guard record.headers.count <= EventLimits.maximumHeaders else { return nil }
        let name = EventAttributes.Name.id.headerName
        let value = record.headers.first { $0.name == name }?.value
        return value.flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// The attributes and the data, in whichever mode.
    private static func open(
        _ record: ConsumedRecord,
        _ limits: EventLimits
    ) throws(CommandRefusal) -> (EventAttributes, JSONValue) {
        do throws(DeadLetterReason) {
            guard let body = record.value, !body.isEmpty else {
                throw DeadLetterReason(.empty, "the command has no value")
            }
            let most = limits.maximumBytes * 2 + (64 << 10)
            guard record.sizeBytes <= most, record.headers.count <= EventLimits.maximumHeaders else {
                throw DeadLetterReason(
                    .tooLarge,
                    "the command has \(record.sizeBytes) bytes, at most \(most) are taken"
                )
            }
            let attributes = try EventAttributes(headers: record.headers)
            let value = try EventDecoder.parse(body, limits)
            guard !attributes.isBinary else { return (attributes, value) }
            guard case .object = value else {
                throw DeadLetterReason(.wrongType, "the command is \(value.kind), must be an object")
            }
            let structured = try EventAttributes(event: value)
            guard let data = value["data"] else { throw DeadLetterReason(.missingField, "data is missing") }
            return (structured, data)
        } catch {
            throw CommandRefusal(.malformedCommand, "\(error.class.rawValue): \(error.message)")
        }
    }

    /// The word in the middle of the command's type.
    private static func kind(_ attributes: EventAttributes) throws(CommandRefusal) -> String {
        guard attributes[.specVersion] == "1.0" else {
            throw CommandRefusal(.malformedCommand, "attribute specversion must be '1.0'")
        }
        let (prefix, suffix) = (OperatorCommand.typePrefix, OperatorCommand.typeSuffix)
        guard let type = attributes[.type], type.hasPrefix(prefix), type.hasSuffix(suffix),
            type.utf8.count > prefix.utf8.count + suffix.utf8.count
        else {
            let found = printable(attributes[.type] ?? "")
            throw CommandRefusal(.unknownCommand, "type is '\(found)', must be '\(prefix)replay\(suffix)'")
        }
        let word = String(type.dropFirst(prefix.count).dropLast(suffix.count))
        guard TextRule.status.isMet(by: word) else {
            throw CommandRefusal(.unknownCommand, "type is '\(printable(type))', must be '\(prefix)replay\(suffix)'")
        }
        return word
    }

    private static func line(_ name: String, _ data: JSONValue) throws(CommandRefusal) -> String? {
        switch data[name] {
        case nil, .null, .string(""): return nil
        case .string(let text) where TextRule.line.isMet(by: text): return text
        default:
            let rule = TextRule.line
            throw self.malformed("data.\(name) must be \(rule.allowed) of at most \(rule.maximumBytes) bytes")
        }
    }

    private static func malformed(_ message: String) -> CommandRefusal { CommandRefusal(.malformedCommand, message) }

    // MARK: Replays

    private static func replay(_ data: JSONValue, reason: String) throws(CommandRefusal) -> ReplayOrder {
        guard let id = data["replayId"]?.text, TextRule.identifier.isMet(by: id) else {
            throw self.malformed("data.replayId must be \(TextRule.identifier.allowed)")
        }
        let allowsRollback: Bool
        switch data["allowRollback"] {
        case nil, .null, .bool(false): allowsRollback = false
        case .bool(true): allowsRollback = true
        default: throw self.malformed("data.allowRollback must be true or false")
        }
        guard let record = data["record"], case .object = record else {
            throw self.malformed("data.record must be an object: the event that is to be run again")
        }
        return ReplayOrder(
            replay: Replay(id: id, reason: reason, allowsRollback: allowsRollback),
            record: try self.record(record)
        )
    }

    private static func record(_ json: JSONValue) throws(CommandRefusal) -> ConsumedRecord {
        guard let topic = json["topic"]?.text, !topic.isEmpty else {
            throw self.malformed("data.record.topic must be the topic of the event")
        }
        guard let partition = json["partition"]?.wholeNumber.flatMap({ Int32(exactly: $0) }), partition >= 0,
            let offset = json["offset"]?.wholeNumber, offset >= 0
        else { throw self.malformed("data.record.partition and data.record.offset must be the place of the event") }
        let time: Timestamp?
        switch json["timestamp"] {
        case nil, .null: time = nil
        case .some(let value):
            // As far as a time of Kafka's can be: what reckons with it must not overflow.
            guard let milliseconds = value.wholeNumber, (0...253_402_300_799_999).contains(milliseconds) else {
                throw self.malformed("data.record.timestamp must be milliseconds since 1970")
            }
            time = Timestamp(millisecondsSinceEpoch: milliseconds)
        }
        var headers: [RecordHeader] = []
        for header in json["headers"]?.elements ?? [] {
            guard let name = header["name"]?.text else {
                throw self.malformed("data.record.headers must each have a name")
            }
            headers.append(RecordHeader(name, try self.bytes(header, "data.record.headers")))
        }
        return ConsumedRecord(
            topicPartition: TopicPartition(topic: topic, partition: Partition(rawValue: partition)),
            offset: Offset(rawValue: offset),
            timestamp: time,
            key: try json["key"].flatMap { key throws(CommandRefusal) in try self.bytes(key, "data.record.key") },
            value: try json["value"].flatMap { value throws(CommandRefusal) in
                try self.bytes(value, "data.record.value")
            },
            headers: headers
        )
    }

    /// Bytes as `{"text": ...}` or `{"base64": ...}`; `nil` where neither is there.
    private static func bytes(_ json: JSONValue, _ place: String) throws(CommandRefusal) -> [UInt8]? {
        if let text = json["text"]?.text { return Array(text.utf8) }
        switch json["base64"] {
        case nil, .null: return nil
        case .string(let text):
            if let data = Data(base64Encoded: text) { return Array(data) }
            throw self.malformed("\(place): its base64 can't be read")
        default: throw self.malformed("\(place): base64 must be a string")
        }
    }
}

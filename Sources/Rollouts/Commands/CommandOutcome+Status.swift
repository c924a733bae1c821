// SPDX-License-Identifier: Apache-2.0

import JSON
package import Values

extension CommandOutcome {
    /// Returns the status event that tells it: a CloudEvent in binary mode, keyed by the command's id.
    ///
    /// - Parameters:
    ///   - source: CloudEvents `source`: which group of workers speaks.
    ///   - topic: The status topic.
    /// - Returns: The record to be written.
    package func record(source: String, topic: String) -> ProducerRecord {
        let time = self.time.description
        return ProducerRecord(
            topic: topic,
            key: Array(self.head.id.utf8),
            value: JSONWriter.object { writer in
                writer.field("commandId", self.head.id)
                writer.field("command", self.head.kind)
                writer.field("outcome", self.result.word)
                writer.field("time", time)
                writer.field("who", self.head.who)
                writer.field("reason", self.head.reason)
                writer.field("partition", self.partition.rawValue)
                switch self.result {
                case .accepted(let id), .known(let id):
                    writer.array("rolloutIds") { $0.string(id.description) }
                case .refused(let refusal):
                    writer.array("rolloutIds") { _ in }
                    writer.object("cause") { cause in
                        cause.field("class", refusal.class.rawValue)
                        cause.field("message", refusal.message)
                        cause.field("nextStep", refusal.nextStep)
                    }
                }
            },
            headers: [
                RecordHeader("ce_specversion", "1.0"),
                RecordHeader("ce_type", CommandStatus.type(self.head.kind, self.result.word)),
                RecordHeader("ce_source", source),
                RecordHeader("ce_id", "\(self.head.id)-\(self.partition.rawValue)-\(self.result.word)"),
                RecordHeader("ce_time", time),
                RecordHeader("content-type", "application/json"),
            ]
        )
    }
}

/// The outcome of a command as a reader of the status topic sees it; lenient, since any version may have written it.
package struct CommandStatus: Sendable, Equatable {
    /// The command.
    package var commandID: String
    /// What was asked for.
    package var kind: String
    /// What has become of it: `accepted`, `known`, `refused`, or a word that this version does not know.
    package var outcome: String
    /// When.
    package var time: Timestamp?
    /// Who has asked.
    package var who: String?
    /// Why.
    package var reason: String?
    /// The rollouts that it is about.
    package var rolloutIDs: [String]
    /// Why it was refused, and what to do.
    package var cause: StatusCause?

    /// Whether nothing comes of it.
    package var isRefused: Bool { self.outcome == "refused" }

    static func type(_ kind: String, _ outcome: String) -> String {
        "\(OperatorCommand.typePrefix)\(kind).\(outcome)\(OperatorCommand.typeSuffix)"
    }

    /// Reads a record of the status topic.
    ///
    /// - Returns: The outcome; `nil` if it is none of a command's.
    package static func decode(headers: [RecordHeader], value: [UInt8]?) -> CommandStatus? {
        guard let type = headers.first(where: { $0.name == "ce_type" })?.text,
            type.hasPrefix(OperatorCommand.typePrefix), let value, let json = JSONValue(reading: value),
            let id = json["commandId"]?.text, let outcome = json["outcome"]?.text
        else { return nil }
        return CommandStatus(
            commandID: id,
            kind: json["command"]?.text ?? OperatorCommand.unknownWord,
            outcome: outcome,
            time: json["time"]?.text.flatMap { Timestamp(rfc3339: $0) },
            who: json["who"]?.text,
            reason: json["reason"]?.text,
            rolloutIDs: (json["rolloutIds"]?.elements ?? []).compactMap(\.text),
            cause: StatusCause(json["cause"])
        )
    }
}

extension JSONValue {
    /// Reads what may be anything; `nil` where it is no JSON.
    fileprivate init?(reading bytes: [UInt8]) {
        do {
            self = try JSONValue(parsing: bytes)
        } catch {
            return nil
        }
    }
}

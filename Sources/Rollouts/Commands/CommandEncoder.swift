// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import JSON
package import Values

/// Writes commands for the commands topic.
package enum CommandEncoder {
    /// Writes a command in binary mode, keyed by its id.
    ///
    /// - Parameters:
    ///   - command: The command.
    ///   - topic: The commands topic.
    /// - Returns: The record to be written.
    package static func record(_ command: OperatorCommand, topic: String) -> ProducerRecord {
        let type = "\(OperatorCommand.typePrefix)\(command.head.kind)\(OperatorCommand.typeSuffix)"
        var attributes: [(EventAttributes.Name, String)] = [
            (.specVersion, "1.0"), (.type, type), (.source, "/slipway/operator"), (.id, command.head.id),
        ]
        if let time = command.time { attributes.append((.time, time.description)) }
        attributes.append((.contentType, "application/json"))
        return ProducerRecord(
            topic: topic,
            key: Array(command.head.id.utf8),
            value: JSONWriter.object { writer in
                writer.field("who", command.head.who)
                writer.field("reason", command.head.reason)
                switch command.kind {
                case .replay(let order): self.write(order, &writer)
                }
            },
            headers: attributes.map { RecordHeader($0.headerName, $1) }
        )
    }

    private static func write(_ order: ReplayOrder, _ writer: inout JSONWriter) {
        writer.field("replayId", order.replay.id)
        writer.field("allowRollback", order.replay.allowsRollback)
        writer.object("record") { writer in
            writer.field("topic", order.record.topic)
            writer.field("partition", order.record.partition.rawValue)
            writer.field("offset", order.record.offset.rawValue)
            writer.field("timestamp", order.record.timestamp?.millisecondsSinceEpoch)
            if let key = order.record.key { writer.object("key") { self.write(key, &$0) } }
            if let value = order.record.value { writer.object("value") { self.write(value, &$0) } }
            writer.array("headers") { writer in
                for header in order.record.headers {
                    writer.object { writer in
                        writer.field("name", header.name)
                        if let value = header.value { self.write(value, &writer) }
                    }
                }
            }
        }
    }

    /// Bytes as text, and what is none in base64.
    private static func write(_ bytes: [UInt8], _ writer: inout JSONWriter) {
        if let text = String(validating: bytes, as: UTF8.self) {
            writer.field("text", text)
        } else {
            writer.field("base64", Data(bytes).base64EncodedString())
        }
    }
}

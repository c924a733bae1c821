// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Glibc
import Values

/// Copies records out of librdkafka's messages; one for each thread that reads.
struct MessageReader {
    /// Almost every record has its predecessor's topic, so that one string serves many records.
    private var topic = ""

    /// Copies one message that is no error.
    mutating func record(_ message: UnsafePointer<rd_kafka_message_t>) -> ConsumedRecord {
        let fields = message.pointee
        return ConsumedRecord(
            topicPartition: self.topicPartition(fields),
            offset: Offset(rawValue: fields.offset),
            timestamp: Self.timestamp(message),
            key: Self.bytes(fields.key, fields.key_len),
            value: Self.bytes(fields.payload, fields.len),
            headers: Self.headers(message)
        )
    }

    /// Names the partition of a message, an error's included.
    mutating func topicPartition(_ message: rd_kafka_message_t) -> TopicPartition {
        guard let topic = message.rkt, let name = rd_kafka_topic_name(topic) else {
            return TopicPartition("", Partition(rawValue: message.partition))
        }
        // As many bytes as it has, and C's end behind them.
        let isSame = self.topic.utf8.withContiguousStorageIfAvailable { known in
            known.withMemoryRebound(to: CChar.self) { known in
                guard let start = known.baseAddress else { return false }
                return strncmp(start, name, known.count) == 0 && name[known.count] == 0
            }
        }
        if isSame != true { self.topic = String(cString: name) }
        return TopicPartition(self.topic, Partition(rawValue: message.partition))
    }

    static func timestamp(_ message: UnsafePointer<rd_kafka_message_t>) -> Timestamp? {
        var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let time = rd_kafka_message_timestamp(message, &type)
        return type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || time < 0
            ? nil : Timestamp(millisecondsSinceEpoch: time)
    }

    static func bytes(_ pointer: UnsafeRawPointer?, _ count: Int) -> [UInt8]? {
        pointer.map { [UInt8](UnsafeRawBufferPointer(start: $0, count: count)) }
    }

    static func headers(_ message: UnsafePointer<rd_kafka_message_t>) -> [RecordHeader] {
        var list: OpaquePointer?
        guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return [] }
        return (0..<rd_kafka_header_cnt(list)).compactMap { index in
            var name: UnsafePointer<CChar>?
            var value: UnsafeRawPointer?
            var size = 0
            let code = rd_kafka_header_get_all(list, index, &name, &value, &size)
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let name else { return nil }
            return RecordHeader(String(cString: name), Self.bytes(value, size))
        }
    }
}

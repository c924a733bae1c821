// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Values

/// Partitions read through one queue, without a consumer group: no group right is needed and none is joined.
///
/// Belongs to one thread; `stop` comes before the client's destruction.
final class ReadQueue {
    private let client: OpaquePointer
    private let queue: OpaquePointer
    private var topics: [TopicPartition: OpaquePointer] = [:]
    private var reader = MessageReader()
    private var messages: [UnsafeMutablePointer<rd_kafka_message_t>?]

    init(_ client: OpaquePointer, portion: Int) {
        self.client = client
        self.queue = rd_kafka_queue_new(client)
        self.messages = Array(repeating: nil, count: portion)
    }

    /// Messages that wait.
    var length: Int { rd_kafka_queue_length(self.queue) }

    /// Starts reading a partition.
    func start(_ partition: TopicPartition, at offset: Offset) -> KafkaError? {
        let operation = "read \(partition)"
        guard let topic = rd_kafka_topic_new(self.client, partition.topic, nil) else {
            return KafkaError(rd_kafka_last_error(), operation: operation)
        }
        let number = partition.partition.rawValue
        guard rd_kafka_consume_start_queue(topic, number, offset.rawValue, self.queue) == 0 else {
            defer { rd_kafka_topic_destroy(topic) }
            return KafkaError(rd_kafka_last_error(), operation: operation)
        }
        self.topics[partition] = topic
        return nil
    }

    /// Moves the position of a partition that is being read; what was fetched before is not delivered any more.
    func seek(_ partition: TopicPartition, to offset: Offset) -> KafkaError? {
        guard let topic = self.topics[partition] else {
            return KafkaError(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, operation: "seek \(partition)")
        }
        // Answered by a thread of librdkafka, not by a broker.
        let code = rd_kafka_seek(topic, partition.partition.rawValue, offset.rawValue, 5_000)
        return code == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaError(code, operation: "seek \(partition)")
    }

    /// Stops everything and frees the queue; the object is of no use afterwards.
    func stop() {
        for (partition, topic) in self.topics {
            rd_kafka_consume_stop(topic, partition.partition.rawValue)
            rd_kafka_topic_destroy(topic)
        }
        self.topics = [:]
        rd_kafka_queue_destroy(self.queue)
    }

    /// Waits for messages and lends each to `body`, which may be an error's.
    ///
    /// - Returns: How many there were.
    func receive(
        timeoutMilliseconds: Int32,
        maximum: Int,
        _ body: (UnsafePointer<rd_kafka_message_t>) -> Void
    ) -> Int {
        let count = rd_kafka_consume_batch_queue(
            self.queue,
            timeoutMilliseconds,
            &self.messages,
            min(maximum, self.messages.count)
        )
        guard count > 0 else { return 0 }
        for index in 0..<count {
            guard let message = self.messages[index] else { continue }
            body(message)
            rd_kafka_message_destroy(message)
        }
        return count
    }
}

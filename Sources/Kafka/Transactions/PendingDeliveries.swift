// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Values

/// Matches delivery reports with those who wait for them, on the producer's thread.
///
/// `@unchecked Sendable`: the variables belong to the producer's thread, and delivery reports come from within polls and
/// flushes on it.
final class PendingDeliveries: ClientContext, @unchecked Sendable {
    /// Where a record came to lie, or why not.
    typealias Report = Result<RecordMetadata, KafkaError>

    private var writer = RecordWriter()
    private var waiting: [Int: (Report) -> Void] = [:]
    private var lastToken = 0

    override func delivered(_ message: rd_kafka_message_t) {
        guard let report = self.waiting.removeValue(forKey: Int(bitPattern: message._private)) else { return }
        guard message.err == RD_KAFKA_RESP_ERR_NO_ERROR else {
            report(.failure(self.explained(KafkaError(message.err, operation: "deliver record"))))
            return
        }
        let partition = Partition(rawValue: message.partition)
        report(.success(RecordMetadata(partition: partition, offset: Offset(rawValue: message.offset))))
    }

    override func ended() {
        for report in self.waiting.values { report(.failure(.closed(operation: "deliver record"))) }
        self.waiting = [:]
    }

    /// Queues a record, waiting for room, and calls `report` once, here or from a later poll.
    func send(_ record: ProducerRecord, _ client: OpaquePointer, _ report: @escaping (Report) -> Void) {
        self.lastToken += 1
        self.waiting[self.lastToken] = report
        while let error = self.writer.write(record, token: self.lastToken, to: client) {
            guard error.isOne(of: RD_KAFKA_RESP_ERR__QUEUE_FULL) else {
                self.waiting[self.lastToken] = nil
                report(.failure(self.explained(error)))
                return
            }
            // Ends by itself: what is queued is delivered or times out (`message.timeout.ms`).
            rd_kafka_poll(client, 50)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Values

/// One pass over a partition until its reported end is at or past a given one.
struct PartitionScan: Sendable {
    let partition: TopicPartition
    let start: Offset
    let end: Offset
    let stall: Duration?
    let isCancelled: @Sendable () -> Bool
    let heldBack: @Sendable (Offset) -> Void
    let body: @Sendable (borrowing RecordView) -> Void

    var operation: String { "scan \(self.partition)" }

    /// Reads; blocks until the end, so on a thread of its own.
    func run(_ handle: ClientHandle) -> Result<Offset, KafkaError> {
        let queue = ReadQueue(handle.pointer, portion: 1_000)
        defer { queue.stop() }
        if let error = queue.start(self.partition, at: self.start) { return .failure(error) }
        var next = self.start
        var reportedEnd: Offset?
        // Where this reader sees an end that is none: an open transaction begins there.
        var barrier: Offset?
        var failure: KafkaError?
        var lastAdvance = ContinuousClock.now
        var lastReport = lastAdvance
        var waker = FetchWaker(handle.pointer, self.partition)
        while true {
            let before = next
            _ = queue.receive(timeoutMilliseconds: 100, maximum: .max) { message in
                switch message.pointee.err {
                case RD_KAFKA_RESP_ERR_NO_ERROR:
                    self.body(RecordView(message))
                    next = Offset(rawValue: message.pointee.offset + 1)
                case RD_KAFKA_RESP_ERR__PARTITION_EOF:
                    next = max(next, Offset(rawValue: message.pointee.offset))
                    if next >= self.end { reportedEnd = next } else { barrier = next }
                default: failure = failure ?? Self.error(message, self.operation)
                }
            }
            if let reportedEnd { return .success(reportedEnd) }
            waker.wake(whenShort: queue.length)
            rd_kafka_poll(handle.pointer, 0)
            if let error = failure.map(handle.context.explained) {
                guard error.isOutage else { return .failure(error) }
                // librdkafka goes on by itself.
                failure = nil
            }
            let now = ContinuousClock.now
            if before != next { lastAdvance = now }
            if now - lastReport >= .seconds(1) {
                lastReport = now
                if let barrier, barrier == next { self.heldBack(barrier) }
            }
            if self.isCancelled() { return .failure(.interrupted(operation: self.operation)) }
            if let stall = self.stall, now - lastAdvance > stall {
                return .failure(handle.context.explained(.timedOut(operation: self.operation)))
            }
        }
    }

    static func error(_ message: UnsafePointer<rd_kafka_message_t>, _ operation: String) -> KafkaError {
        let text = String(cString: rd_kafka_message_errstr(message))
        let topic = message.pointee.rkt.flatMap { rd_kafka_topic_name($0) }.map { String(cString: $0) } ?? ""
        // Not every operation names the partition that it reads.
        let isNamed = topic.isEmpty || operation.contains(topic)
        return KafkaError(message.pointee.err, operation: operation, message: isNamed ? text : "\(topic): \(text)")
    }
}

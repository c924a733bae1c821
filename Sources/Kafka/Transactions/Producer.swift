// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Synchronization
package import Values

/// A plain idempotent producer, on a thread of its own; for the command line.
package final class Producer: Sendable {
    private let handle: ClientHandle
    private let deliveries: PendingDeliveries
    private let thread: ClientThread

    /// Creates a producer.
    ///
    /// - Parameters:
    ///   - properties: The user's librdkafka properties.
    ///   - observer: Takes log, errors and statistics.
    ///   - closeTimeout: How long `close` waits for records under way; default 10 s.
    /// - Throws: `KafkaError` when librdkafka can't make the client.
    package init(
        properties: KafkaProperties,
        observer: ClientObserver = .silent,
        closeTimeout: Duration = .seconds(10)
    ) throws(KafkaError) {
        let deliveries = PendingDeliveries(properties: properties, observer: observer)
        let handle = try deliveries.makeClient(
            RD_KAFKA_PRODUCER,
            defaults: [.init("partitioner", "murmur2_random"), .init("linger.ms", "1")],
            fixed: [.init("enable.idempotence", "true")],
            delivers: true
        )
        self.handle = handle
        self.deliveries = deliveries
        self.thread = .polling(producer: handle, name: "kafka-producer", closeTimeout: closeTimeout)
    }

    deinit { self.thread.jobs.stop() }

    /// Writes one record and returns where it lies.
    ///
    /// - Throws: `KafkaError` when it was refused, or not delivered within `message.timeout.ms` (5 minutes unless set).
    package func send(_ record: ProducerRecord) async throws(KafkaError) -> RecordMetadata {
        guard let report = await self.sendAll([record]).first else {
            preconditionFailure("one report a record")
        }
        return try report.get()
    }

    /// Writes records without waiting for one before sending the next.
    ///
    /// - Returns: For each record, in order, where it lies or why not.
    package func sendAll(_ records: [ProducerRecord]) async -> [Result<RecordMetadata, KafkaError>] {
        guard !records.isEmpty else { return [] }
        let deliveries = self.deliveries
        let handle = self.handle
        return await withCheckedContinuation { continuation in
            let reports = ReportCollector(count: records.count, continuation)
            let isAccepted = self.thread.jobs.post { isAccepted in
                for (index, record) in records.enumerated() {
                    guard isAccepted else {
                        reports.add(.failure(.closed(operation: "produce")), at: index)
                        continue
                    }
                    deliveries.send(record, handle.pointer) { reports.add($0, at: index) }
                }
            }
            guard !isAccepted else { return }
            for index in records.indices { reports.add(.failure(.closed(operation: "produce")), at: index) }
        }
    }

    /// Writes a sequence of records in pipelined portions.
    ///
    /// - Parameters:
    ///   - records: The records; what is sent is sent in order.
    ///   - portion: Records that are sent without waiting; default 1,000.
    ///   - report: Takes each record's outcome, in order.
    /// - Throws: What the sequence throws.
    package func sendAll<Records: AsyncSequence>(
        _ records: Records,
        portion: Int = 1_000,
        report: (Result<RecordMetadata, KafkaError>) -> Void
    ) async throws where Records.Element == ProducerRecord {
        var waiting: [ProducerRecord] = []
        for try await record in records {
            waiting.append(record)
            guard waiting.count >= portion else { continue }
            for result in await self.sendAll(waiting) { report(result) }
            waiting.removeAll(keepingCapacity: true)
        }
        for result in await self.sendAll(waiting) { report(result) }
    }

    /// Waits until everything sent so far is delivered or refused.
    ///
    /// - Throws: `KafkaError` when the time is up.
    package func flush(timeout: Duration) async throws(KafkaError) {
        let handle = self.handle
        try await self.thread.run("flush records") {
            let code = rd_kafka_flush(handle.pointer, timeout.callMilliseconds)
            guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return .success(()) }
            return .failure(handle.context.explained(KafkaError(code, operation: "flush records")))
        }
    }

    /// Waits for records under way, within `closeTimeout`, and ends the producer; what is left is reported as failed.
    package func close() async {
        await self.thread.close()
    }
}

/// Gathers the reports of one call and answers it with the last.
private final class ReportCollector: Sendable {
    private struct State: Sendable {
        var reports: [Result<RecordMetadata, KafkaError>?]
        var missing: Int
    }

    private let state: Mutex<State>
    private let continuation: CheckedContinuation<[Result<RecordMetadata, KafkaError>], Never>

    init(count: Int, _ continuation: CheckedContinuation<[Result<RecordMetadata, KafkaError>], Never>) {
        self.state = Mutex(State(reports: Array(repeating: nil, count: count), missing: count))
        self.continuation = continuation
    }

    func add(_ report: Result<RecordMetadata, KafkaError>, at index: Int) {
        let complete = self.state.withLock { state -> [Result<RecordMetadata, KafkaError>]? in
            state.reports[index] = report
            state.missing -= 1
            return state.missing == 0 ? state.reports.compactMap { $0 } : nil
        }
        if let complete { self.continuation.resume(returning: complete) }
    }
}

// SPDX-License-Identifier: Apache-2.0

import CRdkafka

/// Describes and changes topics, and describes groups; every call ends within its time.
package final class Admin: Sendable {
    private let handle: ClientHandle
    private let thread: ClientThread

    /// Creates an admin client.
    ///
    /// - Parameters:
    ///   - properties: The user's librdkafka properties.
    ///   - observer: Takes log, errors and statistics.
    /// - Throws: `KafkaError` when librdkafka can't make the client.
    package init(properties: KafkaProperties, observer: ClientObserver = .silent) throws(KafkaError) {
        let context = ClientContext(properties: properties, observer: observer)
        let handle = try context.makeClient(RD_KAFKA_PRODUCER)
        self.handle = handle
        self.thread = .polling(producer: handle, name: "kafka-admin", closeTimeout: .zero)
    }

    deinit { self.thread.jobs.stop() }

    /// Ends the client after the call under way.
    package func close() async {
        await self.thread.close()
    }

    /// Runs a blocking call on the client's thread.
    func run<Success: Sendable>(
        _ operation: String,
        _ body: @escaping @Sendable (OpaquePointer) -> Result<Success, KafkaError>
    ) async throws(KafkaError) -> Success {
        let handle = self.handle
        return try await self.thread.run(operation) { body(handle.pointer).mapError { handle.explained($0) } }
    }

    /// Makes one admin request and waits for its result, no longer than the time given.
    ///
    /// - Parameters:
    ///   - call: The request.
    ///   - client: The client.
    ///   - start: Sends the request, its answer going to the queue.
    ///   - read: Reads the answer, which is freed afterwards.
    /// - Returns: What `read` made of the answer, or why there is none.
    static func request<Success>(
        _ call: AdminCall,
        _ client: OpaquePointer,
        start: (_ options: OpaquePointer, _ queue: OpaquePointer) -> Void,
        read: (_ event: OpaquePointer) -> Result<Success, KafkaError>
    ) -> Result<Success, KafkaError> {
        guard let options = rd_kafka_AdminOptions_new(client, call.operation), let queue = rd_kafka_queue_new(client)
        else { return .failure(.invalid(operation: call.name, message: "librdkafka has no such request")) }
        defer {
            rd_kafka_queue_destroy(queue)
            rd_kafka_AdminOptions_destroy(options)
        }
        let milliseconds = max(1, call.timeout.callMilliseconds)
        _ = withErrorText { rd_kafka_AdminOptions_set_request_timeout(options, milliseconds, $0, $1) }
        if call.waitsForBrokers {
            // How long the brokers themselves may take to make it so everywhere.
            _ = withErrorText { rd_kafka_AdminOptions_set_operation_timeout(options, milliseconds, $0, $1) }
        }
        start(options, queue)
        // A little longer than the request's own time, whose error says more than an empty queue.
        guard let event = rd_kafka_queue_poll(queue, milliseconds &+ 500) else {
            return .failure(.timedOut(operation: call.name))
        }
        defer { rd_kafka_event_destroy(event) }
        let code = rd_kafka_event_error(event)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            let text = rd_kafka_event_error_string(event).map { String(cString: $0) }
            return .failure(KafkaError(code, operation: call.name, message: text))
        }
        return read(event)
    }
}

/// Which admin request is made, and how long it may take.
struct AdminCall {
    let operation: rd_kafka_admin_op_t
    let name: String
    let timeout: Duration
    var waitsForBrokers = false
}

// SPDX-License-Identifier: Apache-2.0

import CRdkafka

/// Ends a poll under way on one of a client's queues.
///
/// The reference to the queue is given back explicitly, before the client is destroyed.
final class QueueWaker: Sendable {
    /// Safe to share: librdkafka's queues are thread-safe.
    private nonisolated(unsafe) let queue: OpaquePointer?

    /// Takes a reference to the queue that `rd_kafka_consumer_poll` serves.
    init(consumerQueueOf handle: ClientHandle) { self.queue = rd_kafka_queue_get_consumer(handle.pointer) }

    /// Takes a reference to the queue that `rd_kafka_poll` serves.
    init(mainQueueOf handle: ClientHandle) { self.queue = rd_kafka_queue_get_main(handle.pointer) }

    /// Ends the poll; from any thread, and not after `release`.
    func wake() {
        if let queue = self.queue { rd_kafka_queue_yield(queue) }
    }

    /// Gives the reference back; once.
    func release() {
        if let queue = self.queue { rd_kafka_queue_destroy(queue) }
    }
}

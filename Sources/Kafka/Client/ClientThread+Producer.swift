// SPDX-License-Identifier: Apache-2.0

import CRdkafka

extension ClientThread {
    /// Starts the thread of a producer: it serves delivery reports and errors, and in the end drops what can't be sent.
    ///
    /// - Parameters:
    ///   - handle: The client, destroyed by the thread.
    ///   - name: Shown by debuggers.
    ///   - closeTimeout: How long records under way may still take when it ends.
    /// - Returns: The running thread.
    static func polling(producer handle: ClientHandle, name: String, closeTimeout: Duration) -> ClientThread {
        let wake = QueueWaker(mainQueueOf: handle)
        return ClientThread(name: name) {
            wake.wake()
        } poll: { _ in
            rd_kafka_poll(handle.pointer, 1_000)
        } finish: {
            wake.release()
            rd_kafka_flush(handle.pointer, closeTimeout.callMilliseconds)
            // Else the destruction waits for what will never be delivered.
            rd_kafka_purge(handle.pointer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
            rd_kafka_poll(handle.pointer, 0)
            handle.destroy()
            handle.context.ended()
        }
    }
}

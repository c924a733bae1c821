// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Synchronization
import Threads

/// Owns one `rd_kafka_t` and destroys it once, keeping the context of its callbacks alive until then.
final class ClientHandle: Sendable {
    /// Safe to share: librdkafka's API is thread-safe (its INTRODUCTION.md, "Threads and callbacks").
    nonisolated(unsafe) let pointer: OpaquePointer
    let context: ClientContext
    private let isDestroyed = Mutex(false)
    /// Those that were left to themselves: at most one for each consumer that is closed while it joins.
    private static let abandoned = Mutex<[ClientHandle]>([])

    init(adopting pointer: OpaquePointer, context: ClientContext) {
        self.pointer = pointer
        self.context = context
    }

    deinit { self.destroy() }

    /// How long a client may take to end.
    ///
    /// One whose group has lost a topic that was deleted waits for ever for its own threads (2.0.2).
    private static let endBound = Duration.seconds(5)

    /// Ends the client; blocks until its threads have ended, or for `endBound`, so only threads of our own call this.
    ///
    /// One that takes longer is left to itself until the process ends: nothing that is told to stop waits for it.
    ///
    /// - Parameter leavesGroup: Whether a consumer that was not closed is closed now, which may take long.
    func destroy(leavesGroup: Bool = true) {
        let isFirst = self.isDestroyed.withLock { isDestroyed in
            defer { isDestroyed = true }
            return !isDestroyed
        }
        guard isFirst else { return }
        // As for `pointer`; what callbacks use lives as long as the call.
        nonisolated(unsafe) let pointer = self.pointer
        let (context, hasEnded) = (self.context, Monitor(false))
        let flags = leavesGroup ? 0 : RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE
        _ = DedicatedThread(name: "kafka-end") {
            withExtendedLifetime(context) { rd_kafka_destroy_flags(pointer, flags) }
            hasEnded.signal { $0 = true }
        }
        guard hasEnded.wait(timeout: Self.endBound, until: { $0 ? true : nil }) == nil else { return }
        context.observer.error(.timedOut(operation: "end client"))
    }

    /// Leaves the client to itself, with its threads, until the process ends.
    func abandon() {
        self.isDestroyed.withLock { $0 = true }
        // What its callbacks use must outlive it.
        Self.abandoned.withLock { $0.append(self) }
    }

    /// Serves what waits for a poll (errors, statistics), then says what an error means.
    func explained(_ error: KafkaError) -> KafkaError {
        if rd_kafka_type(self.pointer) == RD_KAFKA_PRODUCER { rd_kafka_poll(self.pointer, 0) }
        return self.context.explained(error)
    }
}

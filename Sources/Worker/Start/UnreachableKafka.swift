// SPDX-License-Identifier: Apache-2.0

import Kafka
import Synchronization

/// Says why Kafka can't be reached at the start, in librdkafka's own words.
///
/// Calls take seconds to fail, and then say only that they did; what keeps the client from each broker is told beside them,
/// at once.
final class UnreachableKafka: Sendable {
    private let observer: ClientObserver
    private let waits: @Sendable (String) -> Void
    /// What was told of one broker last.
    private let ofBroker = Mutex<KafkaError?>(nil)
    private let isReached = Atomic(false)

    /// Creates one.
    ///
    /// - Parameters:
    ///   - observer: Is told everything else, and this too.
    ///   - waits: Takes the reason.
    init(observer: ClientObserver, waits: @escaping @Sendable (String) -> Void) {
        self.observer = observer
        self.waits = waits
    }

    /// For the client whose calls are waited for.
    var observing: ClientObserver {
        ClientObserver(
            log: self.observer.log,
            error: { error in
                self.observer.error(error)
                if !error.isAllBrokersDown { self.ofBroker.withLock { $0 = error } }
                self.tell(error)
            },
            statistics: self.observer.statistics
        )
    }

    /// Kafka was reached: what is waited for from here on is something else.
    func reached() { self.isReached.store(true, ordering: .relaxed) }

    /// Tells why a call has failed; where that says nothing of its own, what was last told of a broker.
    func tell(_ error: KafkaError) {
        // One broker of several may still be away: that holds nothing up.
        guard !self.isReached.load(ordering: .relaxed) else { return }
        let ofBroker = self.ofBroker.withLock { $0 }
        let reason = error.isTimeout || error.isTransport ? ofBroker ?? error : error
        self.waits("Kafka can't be reached: \(reason)")
    }
}

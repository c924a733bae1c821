// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Synchronization
import Values

/// Where the producer's last transaction wrote, as long as it can have been committed.
///
/// A coordinator may leave its markers out (`TransactionalProducer.settle`). Only the last one can be in that state: the next
/// can't begin before the coordinator books it as complete. One that was aborted must not be settled, as that would commit it.
struct LastTransaction {
    private let topics: Set<String>
    /// Partitions of journal and inbox with records of it: what no reader may be kept from for ever.
    private(set) var places: Set<TopicPartition> = []

    init(_ topics: TopicNames) { self.topics = [topics.journal, topics.inbox] }

    /// A transaction has ended.
    ///
    /// - Parameters:
    ///   - outcome: How.
    ///   - records: What it wrote.
    ///   - hasReachedKafka: Whether brokers have acknowledged any of that. Then the one before it was complete, and an abort
    ///     leaves nothing to settle; of one that never came so far Kafka knows nothing.
    mutating func ended(_ outcome: CommitOutcome, _ records: [ProducerRecord], hasReachedKafka: Bool) {
        switch outcome {
        case .committed, .unknown:
            self.places = []
            for record in records where self.topics.contains(record.topic) {
                guard let partition = record.partition else { continue }
                self.places.insert(TopicPartition(topic: record.topic, partition: partition))
            }
        case .aborted, .refused, .membershipLost, .fatal: if hasReachedKafka { self.places = [] }
        // Nothing was begun.
        case .oversized: break
        }
    }

    /// What it left open, if it did, has ended.
    mutating func settled() { self.places = [] }
}

/// Partitions that readers have found held back; each waits once however often it is found, so that no queue grows of it.
final class HeldBackPartitions: Sendable {
    private let waiting = Mutex<Set<TopicPartition>>([])

    /// Whether it does not wait yet; it does then.
    func isNews(_ partition: TopicPartition) -> Bool { self.waiting.withLock { $0.insert(partition).inserted } }

    /// It waits no more.
    func taken(_ partition: TopicPartition) { self.waiting.withLock { _ = $0.remove(partition) } }
}

// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Synchronization
import Values

/// Where what the producer has committed may still be open.
///
/// A coordinator may leave its markers out (`TransactionalProducer.settle`). Of a broker that was not lost, that can have
/// happened to the last transaction only: the next can't begin before the coordinator books it as complete. What was
/// aborted must not be settled, as that would commit it.
struct LastTransaction {
    /// A broker that dies longer after a commit has written its markers, unless those of their partitions were away.
    static let window = Duration.seconds(60)

    /// Partitions with records of it.
    private(set) var places: Set<TopicPartition> = []
    /// Whether there was a commit that may have left anything open, offsets included.
    private(set) var mayBeOpen = false
    /// Whether a broker was lost so soon after a commit that it may have forgotten the markers.
    private(set) var isInDoubt = false
    /// Those that were settled, whose markers may be forgotten like any other.
    private var settledPlaces: Set<TopicPartition>?
    private var endedAt: ContinuousClock.Instant?

    /// The connection to a broker was lost, and the broker maybe with it.
    mutating func lostConnection(at time: ContinuousClock.Instant) {
        guard let endedAt, time - endedAt < Self.window else { return }
        if let settledPlaces { self.places.formUnion(settledPlaces) }
        self.mayBeOpen = self.mayBeOpen || self.settledPlaces != nil
        self.settledPlaces = nil
        self.isInDoubt = self.mayBeOpen
    }

    /// A transaction has ended.
    ///
    /// - Parameters:
    ///   - outcome: How.
    ///   - written: Where brokers have acknowledged records of it. Where they have, the one before it was complete, and an
    ///     abort leaves nothing to settle; of one that never came so far Kafka knows nothing.
    ///   - lost: When a connection was lost that was not told before: it may have been this one's broker or that of the one before.
    ///   - time: Now.
    mutating func ended(
        _ outcome: CommitOutcome,
        _ written: Set<TopicPartition>,
        lost: ContinuousClock.Instant? = nil,
        at time: ContinuousClock.Instant
    ) {
        if let lost { self.lostConnection(at: lost) }
        defer { if let lost { self.lostConnection(at: lost) } }
        switch outcome {
        case .committed, .unknown:
            self.places = self.isInDoubt ? self.places.union(written) : written
            (self.mayBeOpen, self.settledPlaces, self.endedAt) = (true, nil, time)
        case .aborted, .refused, .membershipLost, .fatal:
            guard !written.isEmpty else { break }
            self.places = self.isInDoubt ? self.places.subtracting(written) : []
            self.settledPlaces = nil
            self.mayBeOpen = self.isInDoubt
        // Nothing was begun.
        case .oversized: break
        }
    }

    /// What it may have left open is to be settled.
    mutating func doubt() { self.isInDoubt = self.mayBeOpen }

    /// What it left open, if it did, has ended.
    mutating func settled(at time: ContinuousClock.Instant) {
        (self.settledPlaces, self.places) = (self.places, [])
        (self.mayBeOpen, self.isInDoubt, self.endedAt) = (false, false, time)
    }
}

/// Partitions that readers have found held back; each waits once however often it is found, so that no queue grows of it.
final class HeldBackPartitions: Sendable {
    private let waiting = Mutex<Set<TopicPartition>>([])

    /// Whether it does not wait yet; it does then.
    func isNews(_ partition: TopicPartition) -> Bool { self.waiting.withLock { $0.insert(partition).inserted } }

    /// It waits no more.
    func taken(_ partition: TopicPartition) { self.waiting.withLock { _ = $0.remove(partition) } }
}

// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// Looks again and again how far the partitions held are behind their ends.
///
/// Asks the brokers, because what was last fetched says nothing of a partition whose reading is paused.
struct Lag: Sendable {
    let interval: Span
    /// When the next look is due; `nil` before the first turn.
    private(set) var nextLook: MonotonicTime?
    /// Partitions of the look before; those that are gone are behind no longer.
    private var told: Set<ReadPartition> = []

    init(interval: Span) { self.interval = interval }

    /// The partitions to ask for, if a look is due.
    mutating func due(_ ownership: PartitionOwnership, now: MonotonicTime) -> [ReadPartition]? {
        guard let nextLook else {
            self.nextLook = now + self.interval
            return nil
        }
        guard nextLook <= now else { return nil }
        self.nextLook = now + self.interval
        return ownership.held.map(\.subject)
    }

    /// How many records of each partition are not accepted yet.
    ///
    /// Transactions leave places that no reader sees. Once all that was delivered is accepted, those up to the end that
    /// reading has met are no records.
    mutating func behind(
        _ ends: [ReadPartition: ReadProgress],
        _ ownership: PartitionOwnership
    ) -> [ReadPartition: Int64] {
        var behind: [ReadPartition: Int64] = [:]
        for lease in ownership.held {
            guard let progress = ends[lease.subject], let accepted = ownership.position(of: lease) else { continue }
            var position = accepted
            if let met = progress.met, let delivered = progress.delivered, accepted >= delivered {
                position = max(position, met)
            }
            behind[lease.subject] = max(0, progress.end.rawValue - position.rawValue)
        }
        for partition in self.told where behind[partition] == nil { behind[partition] = 0 }
        self.told = Set(ownership.held.map(\.subject))
        return behind
    }
}

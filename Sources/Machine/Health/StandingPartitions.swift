// SPDX-License-Identifier: Apache-2.0

package import Rollouts
package import Values

/// A partition whose reading does not get on though there is something to read.
package struct StandingPartition: Sendable, Equatable {
    /// The partition.
    package var partition: ReadPartition
    /// Where it stands.
    package var position: Offset
    /// How many offsets lie between there and its end.
    package var behind: Int64

    /// Creates one.
    package init(partition: ReadPartition, position: Offset, behind: Int64) {
        self.partition = partition
        self.position = position
        self.behind = behind
    }
}

/// Rule 23: notices partitions that stand still while there is lag, by the looks that measure it.
struct StandingPartitions: Sendable {
    /// Where a partition was seen, and when it was first seen there.
    private struct Place: Sendable {
        var position: Offset
        var since: MonotonicTime
    }

    /// After how long a partition counts as standing.
    let patience: Span
    private var places: [ReadPartition: Place] = [:]
    /// Those that stand, in order.
    private(set) var standing: [StandingPartition] = []

    init(patience: Span) { self.patience = patience }

    /// Looks at how far reading has come.
    ///
    /// - Parameters:
    ///   - ends: Where partitions end, and how far reading has come in them.
    ///   - ownership: Says which are held, and from where on records are not accepted yet.
    ///   - isPaused: Whether nothing is to be read now.
    ///   - now: The time.
    mutating func look(
        _ ends: [ReadPartition: ReadProgress],
        _ ownership: PartitionOwnership,
        isPaused: Bool,
        now: MonotonicTime
    ) {
        var places: [ReadPartition: Place] = [:]
        self.standing = []
        for lease in ownership.held where !isPaused {
            guard let progress = ends[lease.subject], let accepted = ownership.position(of: lease) else { continue }
            let position = max(accepted, progress.delivered ?? accepted, progress.met ?? accepted)
            // What was delivered and is not accepted waits for the journal, which says so itself.
            guard position < progress.end, accepted >= progress.delivered ?? accepted else { continue }
            var place = Place(position: position, since: now)
            if let known = self.places[lease.subject], known.position == position { place.since = known.since }
            places[lease.subject] = place
            guard now - place.since >= self.patience else { continue }
            self.standing.append(
                StandingPartition(
                    partition: lease.subject,
                    position: position,
                    behind: progress.end.rawValue - position.rawValue
                )
            )
        }
        self.places = places
        self.standing.sort { $0.partition < $1.partition }
    }

    /// Says why the worker is not ready.
    ///
    /// - Parameter eventTopics: Names of the event topics.
    /// - Returns: `nil` while nothing stands.
    func cause(eventTopics: [String]) -> String? {
        guard let first = self.standing.first else { return nil }
        let topic =
            switch first.partition.topic {
            case .inbox: "the inbox"
            case .events(let index): eventTopics.indices.contains(index) ? "'\(eventTopics[index])'" : "an event topic"
            }
        let others = self.standing.count == 1 ? "" : " (and \(self.standing.count - 1) more)"
        return "partition \(first.partition.partition) of \(topic)\(others) stands at offset \(first.position), "
            + "\(first.behind) before its end: what is there can't be read, or belongs to a transaction that nobody has ended. "
            + "Look at it with kafka-dump-log, and for transactions with kafka-transactions find-hanging"
    }
}

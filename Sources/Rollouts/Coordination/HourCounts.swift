// SPDX-License-Identifier: Apache-2.0

import JSON
package import Values

/// A rollout that a route has taken within the hour, as a journal record tells it that is read no further.
package struct RecentAcceptance: Sendable, Equatable {
    /// The rollout.
    package var id: RolloutID
    /// Its route.
    package var route: String
    /// When it was accepted.
    package var at: Timestamp

    init(_ state: RolloutState) {
        self.id = state.id
        self.route = state.plan.route
        self.at = state.acceptedAt
    }

    /// Reads a rollout's journal record; `nil` for one that intake has ended by itself, which counts for nobody, and for
    /// anything but what we write.
    init?(_ id: RolloutID, _ value: JSONValue) {
        guard let route = value["plan"]?["route"]?.text, let at = value["acceptedAt"]?.wholeNumber,
            value["previousPhase"] != nil
        else { return nil }
        self.id = id
        self.route = route
        self.at = Timestamp(millisecondsSinceEpoch: at)
    }
}

/// What was accepted in the last hour, by route: kept only for routes that bound it.
struct HourCounts: Sendable {
    private struct Accepted: Sendable {
        var at: Timestamp
        var id: RolloutID
        /// The partition that has it: what belongs to another worker now counts there.
        var partition: Partition
    }

    /// How far back is counted.
    static let window = Duration.seconds(3_600)

    private var accepted: [String: FIFO<Accepted>] = [:]
    private var known: Set<RolloutID> = []

    /// A rollout of a route was accepted; one that is counted already counts once.
    mutating func note(_ id: RolloutID, of partition: Partition, route: String, at time: Timestamp) {
        guard self.known.insert(id).inserted else { return }
        var queue = self.accepted[route] ?? FIFO()
        self.accepted[route] = nil
        // Restored ones may be older than what is here already; the others come in order.
        let place = queue.lastIndex { $0.at <= time }.map { $0 + 1 } ?? 0
        queue.insert(Accepted(at: time, id: id, partition: partition), at: place)
        self.accepted[route] = queue
    }

    /// What a journal says was accepted before its partition was taken over, in any order.
    mutating func note(_ acceptances: [RecentAcceptance], of partition: Partition, now: Timestamp) {
        let fresh = acceptances.filter { self.known.insert($0.id).inserted }
        for (route, group) in Dictionary(grouping: fresh, by: \.route) {
            // Sorted once: of a busy hour each would else look for its place among all others.
            let noted = group.map { Accepted(at: min($0.at, now), id: $0.id, partition: partition) }
            let all = (self.accepted[route].map(Array.init) ?? []) + noted
            var queue = FIFO<Accepted>()
            for entry in all.sorted(by: { ($0.at, $0.id) < ($1.at, $1.id) }) { queue.append(entry) }
            self.accepted[route] = queue
        }
    }

    /// A partition is given up: its next owner counts what it has.
    mutating func forget(_ partition: Partition) {
        var gone: [RolloutID] = []
        self.removeAll { accepted in
            guard accepted.partition == partition else { return false }
            gone.append(accepted.id)
            return true
        }
        self.known.subtract(gone)
    }

    private mutating func removeAll(where isGone: (Accepted) -> Bool) {
        for route in Array(self.accepted.keys) {
            self.accepted[route]?.removeAll(where: isGone)
            if self.accepted[route]?.isEmpty == true { self.accepted[route] = nil }
        }
    }

    /// A rollout goes on in another partition.
    mutating func forget(_ id: RolloutID) {
        guard self.known.remove(id) != nil else { return }
        self.removeAll { $0.id == id }
    }

    /// How many were accepted in the hour before a moment.
    mutating func count(ofRoute route: String, now: Timestamp) -> Int {
        let begins = now.advanced(by: .zero - Self.window)
        while let first = self.accepted[route]?.first, first.at <= begins {
            _ = self.accepted[route]?.popFirst()
            self.known.remove(first.id)
        }
        return self.accepted[route]?.count ?? 0
    }

    /// When the oldest that counts in a route counts no longer; `nil` for none.
    func oldestEnds(inRoute route: String) -> Timestamp? {
        self.accepted[route]?.first.map { $0.at.advanced(by: Self.window) }
    }
}

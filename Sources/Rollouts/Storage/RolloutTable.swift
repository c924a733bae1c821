// SPDX-License-Identifier: Apache-2.0

import Values

/// All rollouts that have not ended, by id; each is changed in place.
struct RolloutTable {
    private var rollouts: [RolloutID: Rollout] = [:]

    /// Rollouts held.
    var count: Int { self.rollouts.count }

    /// A rollout; what is changed of it is changed here.
    subscript(id: RolloutID) -> Rollout? { self.rollouts[id] }

    /// All of them, in no order that may show.
    var all: some Collection<Rollout> { self.rollouts.values }

    /// Takes a rollout in.
    mutating func insert(_ rollout: Rollout) { self.rollouts[rollout.id] = rollout }

    /// Takes a rollout out.
    mutating func remove(_ id: RolloutID) { self.rollouts[id] = nil }

    /// How many are in each phase.
    var phaseCounts: [Phase: Int] {
        self.rollouts.values.reduce(into: [:]) { counts, rollout in counts[rollout.state.phase, default: 0] += 1 }
    }

    /// Makes room at once for that many more.
    mutating func reserve(_ count: Int) { self.rollouts.reserveCapacity(self.rollouts.count + count) }

    /// Takes out all rollouts of a partition.
    mutating func remove(partition: Partition) -> [RolloutID: Rollout] {
        var removed: [RolloutID: Rollout] = [:]
        self.rollouts = self.rollouts.filter { id, rollout in
            guard rollout.state.partition == partition else { return true }
            removed[id] = rollout
            return false
        }
        return removed
    }
}

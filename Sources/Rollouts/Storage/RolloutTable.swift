// SPDX-License-Identifier: Apache-2.0

import Values

/// All rollouts that have not ended, by id.
///
/// A hash table keeps a third to two thirds of its places empty, so each holds a pointer and not the rollout itself.
struct RolloutTable: Sendable {
    private var boxes: [RolloutID: Boxed<Rollout>] = [:]

    /// Rollouts held.
    var count: Int { self.boxes.count }

    subscript(id: RolloutID) -> Rollout? {
        get { self.boxes[id]?.wrappedValue }
        set { self.boxes[id] = newValue.map { Boxed(wrappedValue: $0) } }
    }

    /// How many are in each phase.
    var phaseCounts: [Phase: Int] {
        self.boxes.values.reduce(into: [:]) { counts, box in counts[box.wrappedValue.state.phase, default: 0] += 1 }
    }

    /// Makes room at once for that many more.
    mutating func reserve(_ count: Int) { self.boxes.reserveCapacity(self.boxes.count + count) }

    /// Takes out all rollouts of a partition.
    mutating func remove(partition: Partition) -> [RolloutID: Rollout] {
        var removed: [RolloutID: Rollout] = [:]
        self.boxes = self.boxes.filter { id, box in
            let rollout = box.wrappedValue
            guard rollout.state.partition == partition else { return true }
            removed[id] = rollout
            return false
        }
        return removed
    }
}

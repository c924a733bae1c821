// SPDX-License-Identifier: Apache-2.0

/// The rollouts and runs that one partition has seen: what makes a repeated event a duplicate.
///
/// Fewer than 64 bytes each: 16 for the id, 8 for the run key, and the empty room of two hash tables.
package struct KnownRollouts: Sendable {
    private(set) var ids: Set<RolloutID> = []
    private(set) var runKeys: Set<UInt64> = []

    /// Creates an empty memory.
    package init() {}

    /// Rollouts known.
    package var count: Int { self.ids.count }

    /// Remembers a rollout.
    ///
    /// - Returns: Whether it was new.
    package mutating func insert(_ id: RolloutID) -> Bool { self.ids.insert(id).inserted }

    /// Whether the rollout is known.
    package func contains(_ id: RolloutID) -> Bool { self.ids.contains(id) }

    /// Remembers a run key by 64 bits of its hash.
    ///
    /// Two of a million runs share them with a chance of 1 in 37 million: then the second is skipped as `duplicate`,
    /// visibly, and a replay deploys it.
    ///
    /// - Returns: Whether it was new.
    package mutating func insertRunKey(_ digest: UInt64) -> Bool { self.runKeys.insert(digest).inserted }

    /// Makes room at once for that many rollouts.
    package mutating func reserveCapacity(_ count: Int) {
        self.ids.reserveCapacity(count)
        self.runKeys.reserveCapacity(count)
    }
}

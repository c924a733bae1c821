// SPDX-License-Identifier: Apache-2.0

/// Who holds run keys in one partition, by 64 bits of each key's hash.
///
/// A rollout holds its key while it is under way; whose deployment is live is known to its lane. One that has ended with calls
/// of unknown outcome lets nobody on before its clean-up has looked.
struct RunHolders: Sendable {
    private var underWay: [UInt64: RolloutID] = [:]
    private var inDoubt: [UInt64: RolloutID] = [:]

    /// The rollout that is under way with the key; `nil` for none.
    func underWay(_ digest: UInt64) -> RolloutID? { self.underWay[digest] }

    /// Whether any rollout has ended in doubt.
    var hasDoubts: Bool { !self.inDoubt.isEmpty }

    /// The rollout whose clean-up is to look before another one goes on; `nil` for none.
    func inDoubt(_ digest: UInt64) -> RolloutID? { self.inDoubt[digest] }

    /// A rollout takes its key; the newest taker holds it.
    mutating func take(_ digest: UInt64, by id: RolloutID) { self.underWay[digest] = id }

    /// A rollout gives its key up, where it has it.
    mutating func giveUp(_ digest: UInt64, by id: RolloutID) {
        if self.underWay[digest] == id { self.underWay[digest] = nil }
    }

    /// A rollout has ended in doubt.
    mutating func doubt(_ digest: UInt64, by id: RolloutID) { self.inDoubt[digest] = id }

    /// The clean-up of a rollout has looked.
    mutating func settle(_ digest: UInt64, by id: RolloutID) {
        if self.inDoubt[digest] == id { self.inDoubt[digest] = nil }
    }
}

/// A rollout that has deployed the live run, and by what it was asked for: with the run, its run key.
package struct LiveHolder: Codable, Sendable, Equatable {
    /// The rollout.
    package var rollout: RolloutID
    /// Its replay; `nil` for none.
    package var replayID: String?
    /// The event topic that it came by.
    package var topic: String

    /// Creates one.
    package init(_ state: RolloutState) {
        self.rollout = state.id
        self.replayID = state.replay?.id
        self.topic = state.origin.topic
    }
}

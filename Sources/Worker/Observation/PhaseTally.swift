// SPDX-License-Identifier: Apache-2.0

import Rollouts

/// What the rollouts of one turn have come to: in a backlog a turn has thousands, which share a few labels.
struct PhaseTally: Sendable {
    /// How a rollout ended.
    struct End: Hashable, Sendable {
        let phase: Phase
        /// Class of its cause; `nil` for none.
        let cause: CauseClass?
    }

    /// How many came into each phase.
    private(set) var phases: [Phase: UInt64] = [:]
    /// How many ended in each way.
    private(set) var ends: [End: UInt64] = [:]

    /// Counts a rollout that has come into its phase.
    mutating func count(_ state: RolloutState) {
        self.phases[state.phase, default: 0] += 1
        guard state.phase.isTerminal else { return }
        self.ends[End(phase: state.phase, cause: state.cause?.class), default: 0] += 1
    }
}

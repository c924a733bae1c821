// SPDX-License-Identifier: Apache-2.0

package import Rollouts

/// How many rollouts are in each phase, kept by the moves they make: counting all of them each time would be slow.
package struct PhaseCounts: Sendable, Equatable {
    private var counts: [Phase: Int] = [:]

    /// Counts of a moment.
    package init(_ counts: [Phase: Int] = [:]) { self.counts = counts }

    /// Rollouts in a phase.
    package subscript(phase: Phase) -> Int { self.counts[phase] ?? 0 }

    /// A rollout was accepted, or has come into another phase.
    package mutating func note(_ state: RolloutState) {
        if let previous = state.previousPhase, !previous.isTerminal {
            self.counts[previous] = max(0, self[previous] - 1)
        }
        if !state.phase.isTerminal { self.counts[state.phase, default: 0] += 1 }
    }
}

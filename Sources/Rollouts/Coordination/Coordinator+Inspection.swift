// SPDX-License-Identifier: Apache-2.0

extension Coordinator {
    /// How many rollouts that have not ended are in each phase; looks at all of them.
    package var phaseCounts: [Phase: Int] { self.rollouts.phaseCounts.filter { !$0.key.isTerminal } }

    /// The rollout that a call under way is made for; `nil` for a probe, and once the partition was released.
    package func rolloutID(of call: CallID) -> RolloutID? { self.calls[call]?.id }
}

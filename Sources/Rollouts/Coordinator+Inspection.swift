// SPDX-License-Identifier: Apache-2.0

extension Coordinator {
    /// The rollout that a call under way is made for; `nil` for a probe, and once the partition was released.
    package func rolloutID(of call: CallID) -> RolloutID? { self.calls[call]?.id }
}

// SPDX-License-Identifier: Apache-2.0

import Values

/// Rule 18: a journal record that can't be read parks its lane; the other lanes go on.
extension Coordinator {
    /// Lets a rollout wait whose lane is parked.
    ///
    /// Only a restore ends that: what the record says, or that it is given up, decides what the lane's rollouts do.
    ///
    /// - Returns: Whether it waits.
    mutating func waitsForJournal(_ rollout: Rollout, key: Lane.Key, now: Now) -> Bool {
        guard let defect = self.parkedLanes[rollout.state.partition]?[key] else { return false }
        rollout.activity = .laneParked
        // Read again when it goes on, when they may have changed; nobody keeps them meanwhile.
        rollout.facts = nil
        let cause = Cause(.journalUnreadable, defect.description)
        guard rollout.state.phase != .waiting || rollout.state.cause != cause else { return true }
        rollout.state.enter(.waiting, at: now.wall, cause: cause)
        self.record(rollout.state, purpose: .note, publishes: true)
        return true
    }
}

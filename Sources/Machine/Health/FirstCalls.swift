// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// Measures how long events take to their first call and to their first creating call.
struct FirstCalls: Sendable {
    /// When the events of rollouts were made that have made no creating call yet.
    private var eventTimes: [RolloutID: Timestamp] = [:]
    /// Rollouts that have made no call yet.
    private var uncalled: Set<RolloutID> = []

    /// A rollout was accepted.
    mutating func accepted(_ state: RolloutState) {
        guard !state.phase.isTerminal else { return }
        self.eventTimes[state.id] = state.event.time ?? state.acceptedAt
        self.uncalled.insert(state.id)
    }

    /// A rollout has ended.
    mutating func ended(_ id: RolloutID) {
        self.eventTimes[id] = nil
        self.uncalled.remove(id)
    }

    /// Partitions have gone: what was noted of their rollouts means nothing any more, and a few others are not measured.
    mutating func partitionsReleased() {
        self.eventTimes = [:]
        self.uncalled = []
    }

    /// A call is made for a rollout.
    mutating func called(_ id: RolloutID, isCreating: Bool, at now: Timestamp) -> [Report] {
        guard let time = self.eventTimes[id] else { return [] }
        let milliseconds = now.milliseconds(since: time)
        var reports: [Report] = []
        if self.uncalled.remove(id) != nil {
            reports.append(.firstCall(isCreating: false, afterMilliseconds: milliseconds))
        }
        guard isCreating else { return reports }
        self.eventTimes[id] = nil
        reports.append(.firstCall(isCreating: true, afterMilliseconds: milliseconds))
        return reports
    }
}

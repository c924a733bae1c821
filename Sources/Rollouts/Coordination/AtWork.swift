// SPDX-License-Identifier: Apache-2.0

import Values

/// Rollouts that have had their turn and not ended, by route, and those whose turn it is and whose route has no room.
///
/// Kept only for routes with a quota.
struct AtWork: Sendable {
    private var working: [String: Set<RolloutID>] = [:]
    private var waiting: [String: FIFO<RolloutID>] = [:]
    /// Those that stand in `waiting`, so that none stands there twice.
    private var listed: Set<RolloutID> = []
    /// Routes in which somebody has made room.
    private var freed: Set<String> = []

    /// Rollouts of a route that are at work.
    func count(ofRoute route: String) -> Int { self.working[route]?.count ?? 0 }

    /// Whether a rollout is at work.
    func contains(_ rollout: Rollout) -> Bool { self.working[rollout.state.plan.route]?.contains(rollout.id) ?? false }

    /// All that are at work, in no order that may show.
    var all: some Sequence<RolloutID> { self.working.values.lazy.joined() }

    /// A rollout begins.
    mutating func begin(_ rollout: Rollout) { self.working[rollout.state.plan.route, default: []].insert(rollout.id) }

    /// A rollout ends, or is not ours any more.
    mutating func end(_ rollout: Rollout) {
        let route = rollout.state.plan.route
        guard self.working[route]?.remove(rollout.id) != nil else { return }
        if self.working[route]?.isEmpty == true { self.working[route] = nil }
        self.freed.insert(route)
    }

    /// A rollout waits for room in its route.
    mutating func wait(_ rollout: Rollout) {
        guard self.listed.insert(rollout.id).inserted else { return }
        self.waiting[rollout.state.plan.route, default: FIFO()].append(rollout.id)
    }

    /// Routes in which room was made since this was last asked, in a fixed order.
    mutating func takeFreed() -> [String] {
        defer { self.freed = [] }
        return self.freed.isEmpty ? [] : self.freed.sorted()
    }

    /// The rollout that has waited longest for room in a route; it may have gone on, or have gone, by itself since.
    mutating func popWaiting(_ route: String) -> RolloutID? {
        guard let id = self.waiting[route]?.popFirst() else {
            self.waiting[route] = nil
            return nil
        }
        self.listed.remove(id)
        return id
    }
}

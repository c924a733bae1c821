// SPDX-License-Identifier: Apache-2.0

import Values

/// All rollouts that have not ended, by id; each is changed in place.
struct RolloutTable {
    private var rollouts: [RolloutID: Rollout] = [:]
    private var topics: [String: Int] = [:]
    private var routes: [String: Int] = [:]
    /// Routes of those that came by one and are counted by another.
    private var otherRoutes: [RolloutID: String] = [:]
    /// Routes of which one may turn out to be that of a rollout, as long as facts have not decided.
    private var openRoutes: [RolloutID: [String]] = [:]
    private var open: [String: Int] = [:]

    /// Rollouts held.
    var count: Int { self.rollouts.count }

    /// A rollout; what is changed of it is changed here.
    subscript(id: RolloutID) -> Rollout? { self.rollouts[id] }

    /// All of them, in no order that may show.
    var all: some Collection<Rollout> { self.rollouts.values }

    /// How many came by an event topic.
    func count(ofTopic topic: String) -> Int { self.topics[topic] ?? 0 }

    /// How many go by a route.
    func count(ofRoute route: String) -> Int { self.routes[route] ?? 0 }

    /// How many may turn out to go by a route.
    func count(openFor route: String) -> Int { self.open[route] ?? 0 }

    /// Takes a rollout in.
    ///
    /// - Parameters:
    ///   - rollout: The rollout.
    ///   - routes: Where its own route is open: those with a quota that it may be of.
    mutating func insert(_ rollout: Rollout, openFor routes: [String] = []) {
        if let known = self.rollouts.updateValue(rollout, forKey: rollout.id) { self.discount(known) }
        if !routes.isEmpty {
            self.openRoutes[rollout.id] = routes
            for route in routes { self.open[route, default: 0] += 1 }
        }
        self.topics[rollout.state.origin.topic, default: 0] += 1
        self.routes[rollout.state.plan.route, default: 0] += 1
    }

    /// A rollout goes by another route since its place is known.
    mutating func count(_ rollout: Rollout, byRoute route: String) {
        guard self.rollouts[rollout.id] != nil else { return }
        self.close(rollout.id)
        let counted = self.otherRoutes[rollout.id] ?? rollout.state.plan.route
        guard counted != route else { return }
        Self.discount(counted, in: &self.routes)
        self.routes[route, default: 0] += 1
        self.otherRoutes[rollout.id] = route
    }

    /// Takes a rollout out.
    mutating func remove(_ id: RolloutID) {
        if let known = self.rollouts.removeValue(forKey: id) { self.discount(known) }
    }

    private mutating func close(_ id: RolloutID) {
        for route in self.openRoutes.removeValue(forKey: id) ?? [] { Self.discount(route, in: &self.open) }
    }

    private mutating func discount(_ rollout: Rollout) {
        self.close(rollout.id)
        Self.discount(rollout.state.origin.topic, in: &self.topics)
        Self.discount(self.otherRoutes.removeValue(forKey: rollout.id) ?? rollout.state.plan.route, in: &self.routes)
    }

    /// Topics and routes come from the journal, too: of those that nobody has any more nothing stays.
    private static func discount(_ name: String, in counts: inout [String: Int]) {
        let left = (counts[name] ?? 0) - 1
        counts[name] = left > 0 ? left : nil
    }

    /// Traps where the counts are not what is there.
    func checkCounts() {
        var (topics, routes, open): ([String: Int], [String: Int], [String: Int]) = ([:], [:], [:])
        for rollout in self.rollouts.values {
            topics[rollout.state.origin.topic, default: 0] += 1
            routes[self.otherRoutes[rollout.id] ?? rollout.state.plan.route, default: 0] += 1
            for route in self.openRoutes[rollout.id] ?? [] { open[route, default: 0] += 1 }
        }
        precondition(topics == self.topics, "rollouts by topic are counted wrongly")
        precondition(routes == self.routes, "rollouts by route are counted wrongly")
        precondition(open == self.open, "rollouts whose route is open are counted wrongly")
        precondition(self.openRoutes.keys.allSatisfy { self.rollouts[$0] != nil }, "an open route of nobody")
    }

    /// How many are in each phase.
    var phaseCounts: [Phase: Int] {
        self.rollouts.values.reduce(into: [:]) { counts, rollout in counts[rollout.state.phase, default: 0] += 1 }
    }

    /// Makes room at once for that many more.
    mutating func reserve(_ count: Int) { self.rollouts.reserveCapacity(self.rollouts.count + count) }

    /// Takes out all rollouts of a partition.
    mutating func remove(partition: Partition) -> [RolloutID: Rollout] {
        var removed: [RolloutID: Rollout] = [:]
        self.rollouts = self.rollouts.filter { id, rollout in
            guard rollout.state.partition == partition else { return true }
            removed[id] = rollout
            return false
        }
        for rollout in removed.values { self.discount(rollout) }
        return removed
    }
}

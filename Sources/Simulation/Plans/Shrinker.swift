// SPDX-License-Identifier: Apache-2.0

/// Makes a plan smaller for as long as the same check fails: fewer faults, events and workers, shorter times.
package struct Shrinker {
    private let fails: (Plan) -> Bool
    /// Plans that were run.
    package private(set) var tries = 0
    private let limit: Int

    /// Creates a shrinker.
    ///
    /// - Parameters:
    ///   - limit: The most plans that are run.
    ///   - fails: Whether a plan still fails in the same way.
    package init(limit: Int = 2_000, fails: @escaping (Plan) -> Bool) {
        self.limit = limit
        self.fails = fails
    }

    /// Makes a failing plan smaller.
    package mutating func shrink(_ plan: Plan) -> Plan {
        var (best, before) = (plan, plan)
        repeat {
            before = best
            self.drop(&best, \.faults)
            self.drop(&best, \.events)
            self.orphans(&best)
            self.lower(&best)
            self.simplify(&best)
        } while best != before && self.tries < self.limit
        return best
    }

    private mutating func take(_ candidate: Plan, for best: inout Plan) -> Bool {
        guard candidate != best, self.tries < self.limit else { return false }
        self.tries += 1
        guard self.fails(candidate) else { return false }
        best = candidate
        return true
    }

    /// Drops elements: halves first, then quarters, at last one by one.
    private mutating func drop<Element>(_ best: inout Plan, _ path: WritableKeyPath<Plan, [Element]>) {
        var size = max(1, best[keyPath: path].count / 2)
        while true {
            var start = 0
            while start < best[keyPath: path].count {
                var candidate = best
                let end = min(start + size, candidate[keyPath: path].count)
                candidate[keyPath: path].removeSubrange(start..<end)
                if !candidate.isWhole || !self.take(candidate, for: &best) { start += size }
            }
            guard size > 1 else { return }
            size /= 2
        }
    }

    /// Takes away what repeats an event, together with it.
    private mutating func orphans(_ best: inout Plan) {
        for event in best.events {
            var candidate = best
            candidate.events.removeAll { $0.id == event.id || $0.of == event.id }
            _ = self.take(candidate, for: &best)
        }
    }

    private mutating func lower(_ best: inout Plan) {
        for workers in 1..<max(2, best.settings.workers) {
            var candidate = best
            candidate.settings.workers = workers
            for index in candidate.faults.indices { candidate.faults[index].worker %= workers }
            if self.take(candidate, for: &best) { break }
        }
        for path in [\PlanSettings.inboxPartitions, \.eventPartitions, \.eventTopics] {
            var candidate = best
            candidate.settings[keyPath: path] = 1
            for index in candidate.events.indices {
                if path == \.eventTopics { candidate.events[index].topic = 0 }
                if path == \.eventPartitions { candidate.events[index].partition = 0 }
            }
            _ = self.take(candidate, for: &best)
        }
        var candidate = best
        candidate.settings.models = (best.events.map(\.model).max() ?? 0) + 1
        candidate.settings.runs = (best.events.map(\.run).max() ?? 0) + 1
        _ = self.take(candidate, for: &best)
    }

    /// Makes windows shorter, counts lower and times earlier.
    private mutating func simplify(_ best: inout Plan) {
        for index in best.faults.indices {
            for path in [\PlanFault.lasts, \.count, \.delay, \.target] where best.faults[index][keyPath: path] > 1 {
                var candidate = best
                candidate.faults[index][keyPath: path] /= 2
                _ = self.take(candidate, for: &best)
            }
        }
        let first = min(best.events.map(\.at).min() ?? 0, best.faults.map(\.at).min() ?? 0)
        guard first > 6_000 else { return }
        var candidate = best
        for index in candidate.events.indices { candidate.events[index].at -= first - 6_000 }
        for index in candidate.faults.indices { candidate.faults[index].at -= first - 6_000 }
        _ = self.take(candidate, for: &best)
    }
}

extension Plan {
    /// Whether every repetition has what it repeats.
    fileprivate var isWhole: Bool {
        self.events.allSatisfy { event in
            event.kind != .again || self.events.contains { $0.id == event.of && $0.kind != .again }
        }
    }
}

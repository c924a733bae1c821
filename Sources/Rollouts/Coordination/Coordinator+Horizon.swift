// SPDX-License-Identifier: Apache-2.0

import Values

/// Rule 11: ended rollouts are known until the dedupe horizon, then the journal gets a tombstone for each.
extension Coordinator {
    /// The most tombstones of one partition that are under way, so that they fill no transaction alone.
    private static let mostForgotten = 500

    /// How often it is looked for old ones.
    private func forgettingInterval(_ horizon: Span) -> Span {
        min(.seconds(600), max(.seconds(1), Span(nanoseconds: horizon.nanoseconds / 10)))
    }

    /// Plans the first look, once a partition is held.
    mutating func planForgetting(now: Now) {
        guard let horizon = self.policy.dedupeHorizon, self.nextForgetting == nil else { return }
        self.nextForgetting = now.monotonic + self.forgettingInterval(horizon)
    }

    mutating func forgetOld(now: Now) {
        guard let horizon = self.policy.dedupeHorizon, let due = self.nextForgetting, due <= now.monotonic else {
            return
        }
        self.nextForgetting = self.known.isEmpty ? nil : now.monotonic + self.forgettingInterval(horizon)
        for partition in self.partitions { self.forgetOld(of: partition, horizon, now: now) }
    }

    private mutating func forgetOld(of partition: Partition, _ horizon: Span, now: Now) {
        guard !self.forgetting.values.contains(where: { $0.partition == partition }) else { return }
        let limit = now.wall.advanced(by: .zero - horizon.duration)
        let ids = (self.known[partition]?.ended(before: limit, limit: Self.mostForgotten) ?? [])
            .filter { self.sweeps.waiting[$0] == nil && self.sweeps.running[$0] == nil && self.rollouts[$0] == nil }
        guard !ids.isEmpty else { return }
        let forgetting = Forgetting(ticket: self.nextNumber(), partition: partition, ids: ids)
        self.forgetting[forgetting.ticket] = forgetting
        self.actions.append(.forget(forgetting))
    }

    /// The tombstones are committed.
    mutating func forgot(_ forgetting: Forgetting, now: Now) {
        for id in forgetting.ids { self.known[forgetting.partition]?.forget(id) }
        guard let horizon = self.policy.dedupeHorizon, forgetting.ids.count == Self.mostForgotten else { return }
        self.forgetOld(of: forgetting.partition, horizon, now: now)
    }
}

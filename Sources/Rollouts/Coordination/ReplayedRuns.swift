// SPDX-License-Identifier: Apache-2.0

/// Runs that replays ask for while rollouts are unfinished.
///
/// A replay and the event that it repeats are two rollouts, and either may be first. What the workbench names with a run is
/// read when a rollout is resolved; a replay that registers the run between that and the rollout's turn would not be seen. So
/// a rollout whose run is here looks for the version before it registers one. Those that are accepted when all others have
/// ended read later than that, and need no entry.
struct ReplayedRuns {
    /// Beyond that many every rollout looks, until all have ended: one request more each, and bounded memory.
    static let limit = 10_000

    private var digests: Set<UInt64> = []

    /// Whether a replay may have registered the run.
    func mayContain(_ rollout: Rollout) -> Bool {
        guard !self.digests.isEmpty else { return false }
        return self.digests.count >= Self.limit || Self.digest(rollout).map(self.digests.contains) ?? true
    }

    /// Takes note of a rollout that is resolved; nothing to note where it is no replay.
    mutating func note(_ rollout: Rollout, isAlone: Bool) {
        if isAlone { self.digests = [] }
        guard rollout.state.replay != nil, self.digests.count < Self.limit, let digest = Self.digest(rollout) else {
            return
        }
        self.digests.insert(digest)
    }

    private static func digest(_ rollout: Rollout) -> UInt64? {
        rollout.state.run.map { RunKey($0, modelName: rollout.state.plan.modelName, replayID: nil).digest }
    }
}

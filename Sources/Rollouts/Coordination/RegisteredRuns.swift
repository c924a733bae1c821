// SPDX-License-Identifier: Apache-2.0

import Values

/// Runs that another rollout may have registered since, or just before, a rollout has read what the workbench names with its
/// run.
///
/// Two rollouts of one run can be under way: a replay and the event that it repeats, in either order. And one may follow another
/// that has ended without a deployment, while lists and reads do not show yet what that one registered. So a rollout whose run
/// is here looks for the version before it registers one. Those that are accepted when all others have ended read later than
/// what replays did, and need no entry for them.
struct RegisteredRuns {
    /// Beyond that many every rollout looks, until all have ended: one request more each, and bounded memory.
    static let limit = 10_000

    private var replayed: Set<UInt64> = []
    /// Runs of rollouts that have ended, and until when what they registered may not be shown.
    private var ended: [UInt64: MonotonicTime] = [:]
    /// Until when some may be missing there.
    private var overfullUntil = MonotonicTime.zero

    /// Whether another one may have registered the run.
    func mayContain(_ rollout: Rollout, now: MonotonicTime) -> Bool {
        if self.overfullUntil > now { return true }
        guard !self.replayed.isEmpty || !self.ended.isEmpty, let digest = Self.digest(rollout) else { return false }
        return self.replayed.count >= Self.limit || self.replayed.contains(digest)
            || self.ended[digest].map { $0 > now } ?? false
    }

    /// Takes note of a rollout that is resolved; nothing to note where it is no replay.
    mutating func note(_ rollout: Rollout, isAlone: Bool) {
        if isAlone { self.replayed = [] }
        guard rollout.state.replay != nil, self.replayed.count < Self.limit, let digest = Self.digest(rollout) else {
            return
        }
        self.replayed.insert(digest)
    }

    /// Takes note of a rollout that ends without a deployment.
    ///
    /// - Parameters:
    ///   - rollout: The rollout.
    ///   - now: The moment.
    ///   - lag: How long lists and reads may not show what was made.
    mutating func noteEnd(of rollout: Rollout, now: MonotonicTime, for lag: Span) {
        let state = rollout.state
        guard state.made.versionID != nil || state.aftermath?.doubts.contains(where: { $0.step == .version }) ?? false,
            let digest = Self.digest(rollout)
        else { return }
        if self.ended.count >= Self.limit { self.ended = self.ended.filter { $0.value > now } }
        guard self.ended.count < Self.limit else {
            self.overfullUntil = now + lag
            return
        }
        self.ended[digest] = now + lag
    }

    /// The run and its model, whoever asks for it.
    private static func digest(_ rollout: Rollout) -> UInt64? {
        rollout.state.run.map { RunKey($0, modelName: rollout.state.plan.modelName, replayID: nil, topic: "").digest }
    }
}

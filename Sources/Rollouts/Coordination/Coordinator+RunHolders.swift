// SPDX-License-Identifier: Apache-2.0

import Values

/// Of two events about one run, the second is a duplicate only while the first one's rollout is under way or live.
extension Coordinator {
    /// How often a rollout looks whether the one before it is still in doubt.
    private static let doubtPause = Span.seconds(5)

    /// Lets a rollout, whose run is known now, hold its run key.
    ///
    /// - Returns: Why it can't: another one holds it.
    mutating func takeRunKey(_ rollout: Rollout) -> Cause? {
        guard let key = rollout.state.runKey else { preconditionFailure("a run key before the run is known") }
        let partition = rollout.state.partition
        let digest = key.digest
        if let holder = self.holders[partition]?.underWay(digest), holder != rollout.id {
            let words = "run \(key.runID) of model '\(key.modelName)' is under way already: rollout \(holder)"
            return Cause(.duplicate, words)
        }
        if let cause = self.duplicated(rollout) { return cause }
        self.holders[partition, default: RunHolders()].take(digest, by: rollout.id)
        return nil
    }

    /// Why a rollout whose turn it is has nothing to do: what held its run key before has gone on after all, and is live.
    func duplicated(_ rollout: Rollout) -> Cause? {
        guard let key = rollout.state.runKey, let holder = self.liveHolder(of: rollout, key), holder != rollout.id
        else { return nil }
        return Cause(.duplicate, "run \(key.runID) of model '\(key.modelName)' is deployed already: rollout \(holder)")
    }

    private func liveHolder(of rollout: Rollout, _ key: RunKey) -> RolloutID? {
        guard let lane = rollout.laneKey.flatMap({ self.lanes[rollout.state.partition]?[$0] }),
            let live = lane.liveDeployment, live.run.projectID == key.projectID,
            live.run.experimentID == key.experimentID, live.run.runID == key.runID
        else { return nil }
        return live.holders.last { $0.replayID == key.replayID && $0.topic == key.topic }?.rollout
    }

    /// A rollout that comes out of a journal has the key that it had.
    mutating func restoreRunKey(_ rollout: Rollout) {
        guard let digest = rollout.state.runKey?.digest else { return }
        self.holders[rollout.state.partition, default: RunHolders()].take(digest, by: rollout.id)
    }

    mutating func giveUpRunKey(_ rollout: Rollout) {
        guard let digest = rollout.state.runKey?.digest else { return }
        self.holders[rollout.state.partition]?.giveUp(digest, by: rollout.id)
    }

    /// What a rollout with calls of unknown outcome leaves behind is looked for before another one of its run goes on.
    mutating func doubtRunKey(of state: RolloutState) {
        guard state.aftermath?.looks == 0, let digest = state.runKey?.digest else { return }
        self.holders[state.partition, default: RunHolders()].doubt(digest, by: state.id)
    }

    mutating func settleRunKey(of state: RolloutState) {
        guard let digest = state.runKey?.digest else { return }
        self.holders[state.partition]?.settle(digest, by: state.id)
    }

    /// Lets a rollout wait until the clean-up of the one that had its run key before has looked.
    ///
    /// - Returns: Whether it waits.
    mutating func waitsForHolder(_ rollout: Rollout, now: Now) -> Bool {
        guard let holders = self.holders[rollout.state.partition], holders.hasDoubts,
            let digest = rollout.state.runKey?.digest, let holder = holders.inDoubt(digest), holder != rollout.id,
            self.isAlive(holder)
        else { return false }
        // It may have nothing to do any more, and a busy lane keeps a clean-up waiting.
        if let (phase, cause) = self.endAtTurn(rollout) {
            self.finish(rollout.id, phase, cause, now: now)
            return true
        }
        // Read again when it goes on, when they may have changed; nobody keeps them meanwhile.
        rollout.facts = nil
        // The wait is no time of the step's.
        rollout.startClock(at: now.monotonic)
        let words = "rollout \(holder) of the same run has ended with a call that may have had an effect"
        self.tellWaiting(rollout.id, Cause(.holderInDoubt, "\(words); its clean-up looks first"), now: now)
        self.wait(rollout, until: now.monotonic + Self.doubtPause)
        return true
    }
}

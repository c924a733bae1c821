// SPDX-License-Identifier: Apache-2.0

package import Values

extension Coordinator {
    /// What the journal of one partition says.
    package struct Restored: Sendable {
        /// Rollouts that have not ended, in any order.
        package var unfinished: [RolloutState]
        /// Rollouts and runs seen, ended ones included.
        package var known: KnownRollouts
        /// Lanes.
        package var lanes: [LaneState]
        /// Rollouts that have ended and are still to be swept for orphans.
        package var unswept: [RolloutState]
        /// Ended rollouts that were accepted within the last hour, of the routes that were asked for.
        package var acceptedLately: [RecentAcceptance]
        /// Records that can't be used.
        package var findings: JournalFindings

        /// Creates what an empty journal says.
        package init(
            unfinished: [RolloutState] = [],
            known: KnownRollouts = KnownRollouts(),
            lanes: [LaneState] = [],
            unswept: [RolloutState] = [],
            acceptedLately: [RecentAcceptance] = [],
            findings: JournalFindings = JournalFindings()
        ) {
            self.unfinished = unfinished
            self.unswept = unswept
            self.acceptedLately = acceptedLately
            self.known = known
            self.lanes = lanes
            self.findings = findings
        }

        /// Whether a worker has had it: records that can't be read, and keys of others, prove nothing.
        package var saysAnything: Bool {
            let unreadable = self.findings.defects.count { RolloutID($0.keyText) != nil }
            return self.known.count > unreadable || !self.unfinished.isEmpty || !self.lanes.isEmpty
        }
    }

    /// Rollouts that have not ended.
    package var unfinishedCount: Int { self.rollouts.count }

    /// Rollouts that have not ended and came by an event topic.
    package func unfinishedCount(ofTopic topic: String) -> Int { self.rollouts.count(ofTopic: topic) }

    /// Partitions held.
    package var partitions: [Partition] { self.known.keys.sorted() }

    /// Whether the rollout has been seen in that partition, or is not over in another one.
    ///
    /// In another one only where a change of the routes gave its model another owner.
    package func isKnown(_ id: RolloutID, partition: Partition) -> Bool {
        self.known[partition]?.contains(id) ?? false || self.isAlive(id)
    }

    /// Whether the event of a rollout that failed has come again, for the first time: whoever sent it is to be told.
    package mutating func isFailedAndAskedForAgain(_ id: RolloutID, partition: Partition) -> Bool {
        self.known[partition]?.isFailedAndAskedForAgain(id) ?? false
    }

    func isAlive(_ id: RolloutID) -> Bool {
        self.rollouts[id] != nil || self.sweeps.waiting[id] != nil || self.sweeps.running[id] != nil
    }

    /// Takes over a partition with what its journal says, and goes on with its rollouts.
    ///
    /// What was held in memory of that partition is dropped: the journal alone counts.
    package mutating func restore(partition: Partition, _ restored: Restored, now: Now) {
        if self.known[partition] != nil { self.release(partition: partition) }
        // It may have left before it was ever restored: then nothing was released.
        self.leaving.remove(partition)
        self.known[partition] = restored.known
        self.parkedLanes[partition] = restored.findings.parkedLanes
        var lanes: [Lane.Key: Lane] = [:]
        for state in restored.lanes {
            lanes[state.key, default: Lane()].restore(state)
        }
        self.lanes[partition] = lanes
        for acceptance in restored.lanes.compactMap(\.newestAccepted) + restored.unfinished.map(\.acceptance) {
            self.accepted(at: acceptance.at, in: partition)
        }
        self.countAcceptances(of: restored, in: partition, now: now.wall)
        for state in restored.unfinished { self.sweeps.remove(state.id) }
        let (doubles, unfinished) = Self.split(restored.unfinished) { self.rollouts[$0.id] != nil }
        for state in doubles { self.endDouble(state, partition: partition, now: now) }
        self.rollouts.reserve(unfinished.count)
        for state in unfinished {
            let rollout = Rollout(state)
            rollout.markRestored()
            self.registeredRuns.note(rollout, isAlone: false)
            rollout.state.partition = partition
            _ = self.known[partition]?.insert(state.id)
            self.setClock(of: rollout, now: now)
            self.insert(rollout)
            self.countAcceptance(of: state, now: now.wall)
        }
        for state in unfinished.sorted(by: { $0.acceptance < $1.acceptance }) {
            if let rollout = self.rollouts[state.id] { self.restoreRunKey(rollout) }
        }
        // Before the others go on: who waits for a clean-up is to know of it.
        for var state in restored.unswept where !self.isAlive(state.id) {
            state.partition = partition
            self.planSweep(of: state, now: now)
        }
        self.resume(unfinished.sorted { $0.acceptance < $1.acceptance }.compactMap { self.rollouts[$0.id] }, now: now)
        self.planForgetting(now: now)
    }

    private static func split(
        _ states: [RolloutState],
        _ isFirst: (RolloutState) -> Bool
    ) -> (first: [RolloutState], second: [RolloutState]) {
        (states.filter(isFirst), states.filter { !isFirst($0) })
    }

    /// Ends a rollout that goes on in another partition: routes have given its model another owner since.
    ///
    /// Only the journal is told: to everybody else they are one rollout, and the other one tells its end.
    private mutating func endDouble(_ state: RolloutState, partition: Partition, now: Now) {
        var state = state
        state.partition = partition
        // What this one left behind is the other one's to find.
        let until = self.workbenchClock.time(now, in: self.policy.requestTimeout + self.policy.settle)
        let begun = state.intent.map { [Doubt($0, from: state.askedAt, until: until)] } ?? []
        if let other = self.rollouts[state.id], other.state.askedAt == nil, other.state.made == MadeObjects() {
            // It has made nothing yet: with the same marker it adopts what this one has made.
            other.state.nonce = state.nonce
        }
        for doubt in begun + (state.aftermath?.doubts ?? []) { self.rollouts[state.id]?.state.doubt(doubt) }
        self.rollouts[state.id]?.markRestored()
        state.intent = nil
        state.aftermath = nil
        let cause = Cause(
            .duplicate,
            "the rollout goes on in another partition, which owns its model since routes changed"
        )
        state.enter(.skipped, at: now.wall, cause: cause)
        state.step = .finished
        _ = self.known[partition]?.insert(state.id)
        self.known[partition]?.end(state.id, at: now.wall)
        self.record(state, purpose: .note, publishes: false)
    }

    private func setClock(of rollout: Rollout, now: Now) {
        rollout.startClock(at: now.monotonic)
        if rollout.hasMadeObjectOfStep {
            // Its creation was answered, and perhaps nobody has looked for a twin since.
            rollout.twinLook = .owed
            // The workbench went on while nobody looked. A tenth is left, so that somebody does before it is given up.
            let allowed = rollout.allowedMilliseconds
            let spent = min(max(0, now.wall.milliseconds(since: rollout.state.stepAt)), allowed - allowed / 10)
            rollout.deadline = rollout.deadline - .milliseconds(spent)
        } else {
            // Nothing was under way, so the time in which nobody worked at it is not the step's.
            rollout.state.stepAt = now.wall
        }
        // Whoever meets an intent without an outcome looks at once, and creates only when that call is over.
        guard let intent = rollout.state.intent else { return }
        let wait = self.policy.requestTimeout + self.policy.settle
        rollout.state.doubt(intent, until: self.workbenchClock.time(now, in: wait))
        rollout.becomeUncertain(until: now.monotonic + wait, now: now.monotonic)
    }

    private mutating func resume(_ all: [Rollout], now: Now) {
        var rollouts: [Rollout] = []
        for rollout in all {
            if let key = rollout.laneKey, self.waitsForJournal(rollout, key: key, now: now) { continue }
            if rollout.state.step == .lane, self.waitsForHolder(rollout, now: now) { continue }
            rollouts.append(rollout)
        }
        // The one that was under way first, so that it is the head of its lane again.
        for rollout in rollouts where rollout.state.step.isUnderWay {
            guard let key = rollout.laneKey else { continue }
            rollout.isHead = self.takeLane(rollout, key: key)
            // Two under way at once can't have been written by this program; the second waits for its turn.
            if rollout.isHead { self.beginAgain(rollout, now: now) } else { rollout.state.step = .lane }
        }
        let waiting = rollouts.filter { $0.state.step == .lane }
        for rollout in rollouts where rollout.state.step != .lane { self.move(rollout.id, now: now) }
        self.enterAgain(waiting, now: now)
    }

    /// Dates a rollout that is about to be accepted, so that acceptances of a partition are in the order in which they came.
    ///
    /// It was read before, and may have waited for room since: an hour that counts what was accepted counts from now.
    /// The clock of whoever had the partition before may have been ahead: by it a rollback would be older than the very run
    /// that it is to take back. A rollback shares its moment with nobody before or after it, so that no id decides its place.
    package mutating func date(_ state: inout RolloutState, now: Timestamp) {
        let earliest = self.earliestAcceptance[state.partition] ?? .earliest
        let step = Duration.milliseconds(state.isRollback ? 1 : 0)
        let accepted = max(state.acceptedAt, now).cut(to: .milliseconds)
        state.acceptedAt = max(accepted, earliest.advanced(by: step))
        if state.phase == .accepted { (state.phaseAt, state.stepAt) = (state.acceptedAt, state.acceptedAt) }
        self.accepted(at: state.acceptedAt.advanced(by: step), in: state.partition)
    }

    private mutating func accepted(at time: Timestamp, in partition: Partition) {
        self.earliestAcceptance[partition] = max(self.earliestAcceptance[partition] ?? time, time)
    }

    /// Draws what nobody can know of a rollout but its journal, before its first record is written.
    package mutating func drawNonce(of state: inout RolloutState) { state.nonce = Int64(self.random.next() >> 16) }

    /// Takes in a rollout that intake has decided to accept.
    ///
    /// Intake writes its first record itself, together with the offset of the event. Reading calls may start before
    /// that is committed; creating ones wait for a record of their own, which is written after it.
    package mutating func accept(_ state: RolloutState, now: Now) {
        let partition = state.partition
        precondition(self.known[partition] != nil, "rollout accepted for a partition that is not held")
        guard self.known[partition]?.insert(state.id) == true else {
            preconditionFailure("rollout accepted twice: ask isKnown first")
        }
        guard !state.phase.isTerminal else {
            self.known[partition]?.end(state.id, at: now.wall, isFailed: state.phase == .failed)
            return
        }
        let rollout = Rollout(state)
        self.neighbourTexts.share(with: &rollout.state)
        rollout.startClock(at: now.monotonic)
        self.insert(rollout)
        self.countAcceptance(of: state, now: now.wall)
        self.move(state.id, now: now)
    }

    /// Forgets a rollout that intake has ended on its own, because its first record could not be written.
    package mutating func abandon(_ id: RolloutID, now: Now) {
        guard let rollout = self.rollouts[id] else { return }
        self.rollouts.remove(id)
        if rollout.activity.holdsPlace { self.budget.withdraw() }
        self.tickets = self.tickets.filter { $0.value.id != id }
        // A record of it that is still to be written would bring it back to life.
        self.actions.removeAll { if case .record(let record) = $0 { record.rollout.id == id } else { false } }
        self.giveUpRunKey(rollout)
        self.atWork.end(rollout)
        self.giveTurn(to: self.leaveLane(rollout), now: now)
    }

    /// Drops all work of a partition that is no longer held; calls under way go on and mean nothing.
    package mutating func release(partition: Partition) {
        self.leaving.remove(partition)
        self.known[partition] = nil
        self.lanes[partition] = nil
        self.parkedLanes[partition] = nil
        self.earliestAcceptance[partition] = nil
        self.holders[partition] = nil
        self.hourCounts.forget(partition)
        let dropped = self.rollouts.remove(partition: partition)
        for rollout in dropped.values { self.atWork.end(rollout) }
        // A place has no call that will give it back.
        for rollout in dropped.values where rollout.activity.holdsPlace { self.budget.withdraw() }
        let unswept = self.sweeps.remove(partition: partition)
        self.forgetting = self.forgetting.filter { $0.value.partition != partition }
        self.tickets = self.tickets.filter { $0.value.partition != partition }
        for (call, context) in self.calls {
            if let id = context.id, dropped[id] != nil || unswept.contains(id) { self.calls[call]?.id = nil }
        }
        self.due.removeAll { dropped[$0.id] != nil }
        self.untoldStalls.removeAll { dropped[$0] != nil }
        for component in Component.allCases { self.parked[component]?.removeAll { dropped[$0] != nil } }
        for name in Array(self.stalls.keys) { self.stalls[name]?.drop { dropped[$0] != nil } }
        self.dropActions(partition: partition)
    }

    /// Forgets what was to be done for a partition; calls that were never made give their slots back.
    private mutating func dropActions(partition: Partition) {
        var kept: [Action] = []
        for action in self.actions {
            switch action {
            case .record(let record) where record.partition == partition: continue
            case .call(let call) where call.partition == partition:
                self.calls[call.id] = nil
                self.budget.release()
                // Those that wait for its answer ask by themselves when their time is up.
                _ = self.sharedAnswers.end(call.call)
            case .move(let move) where move.rollout.partition == partition: continue
            case .forget(let forgetting) where forgetting.partition == partition: continue
            case .record, .call, .move, .forget, .outage, .markers, .sweepGivenUp: kept.append(action)
            }
        }
        self.actions = kept
    }

    /// Creating calls that may have been sent and have not been answered.
    package var creatingCallsUnderWay: Int { self.calls.values.count { $0.call.isCreating } }

    /// Calls and records under way.
    package var workUnderWay: Int { self.calls.count + self.tickets.count }
}

extension RolloutStep {
    /// Whether a rollout at this step has had its turn in the lane.
    package var isUnderWay: Bool {
        switch self {
        case .resolve, .lane: false
        case .register, .model, .build, .deploy, .verify, .finished: true
        }
    }
}

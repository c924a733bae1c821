// SPDX-License-Identifier: Apache-2.0

import Values

/// The sweeps that are to come or under way.
struct Sweeps: Sendable {
    /// Ended rollouts that are to be swept, by id.
    var waiting: [RolloutID: RolloutState] = [:]
    /// Sweeps that have begun.
    var running: [RolloutID: Sweep] = [:]
    /// When each is due.
    var due = TimedHeap<MonotonicTime, RolloutID>()
    /// Those that want to make a call.
    var ready = FIFO<RolloutID>()
    /// Calls of rollouts since the last one of a sweep.
    var callsBetween = 0

    /// How many calls of rollouts may go before one of a sweep that waits.
    private static let patience = 16

    /// Whether a sweep has waited for long enough, however many rollouts wait, too.
    var isDue: Bool { !self.ready.isEmpty && self.callsBetween >= Self.patience }

    /// Drops the sweep of a rollout that is not over in another partition.
    mutating func remove(_ id: RolloutID) {
        guard self.waiting.removeValue(forKey: id) != nil || self.running.removeValue(forKey: id) != nil else { return }
        self.due.removeAll { $0 == id }
        self.ready.removeAll { $0 == id }
    }

    mutating func remove(partition: Partition) -> Set<RolloutID> {
        let waiting = self.waiting.filter { $0.value.partition == partition }.keys
        let running = self.running.filter { $0.value.state.partition == partition }.keys
        let dropped = Set(waiting).union(running)
        for id in dropped {
            self.waiting[id] = nil
            self.running[id] = nil
        }
        self.due.removeAll { dropped.contains($0) }
        // Restored again soon, such a one would else be in turn twice.
        self.ready.removeAll { dropped.contains($0) }
        return dropped
    }
}

extension Coordinator {
    /// Rollouts that have ended and are still to be swept for orphans.
    package var unsweptCount: Int { self.sweeps.waiting.count + self.sweeps.running.count }

    /// Plans the sweep of a rollout whose end is journalled.
    mutating func planSweep(of state: RolloutState, now: Now) {
        guard state.needsSweep else { return }
        self.sweeps.waiting[state.id] = state
        self.doubtRunKey(of: state)
        self.schedule(state, now: now)
    }

    private mutating func schedule(_ state: RolloutState, now: Now) {
        let passed = Span.milliseconds(max(0, now.wall.milliseconds(since: state.phaseAt)))
        var after = self.policy.sweepAfter
        if let looks = state.aftermath?.looks, looks > 0 { after = after + self.policy.secondLookAfter }
        var left = Span(nanoseconds: max(0, after.nanoseconds - passed.nanoseconds))
        // Before that a look proves nothing, and whoever waits for it is to be able to rely on it.
        if state.aftermath?.looks == 0 { left = max(left, self.untilAllHadTheirEffect(state, now: now)) }
        self.sweepAgain(state.id, at: now.monotonic + left)
    }

    private func untilAllHadTheirEffect(_ state: RolloutState, now: Now) -> Span {
        let clock = self.workbenchClock.time(now)
        let last = state.aftermath?.doubts.compactMap(\.until).max() ?? clock
        // Journals are outside data: no call can have its effect later than that.
        let bound = self.policy.requestTimeout + self.policy.settle
        return min(bound, .milliseconds(max(0, last.milliseconds(since: clock))))
    }

    mutating func sweepAgain(_ id: RolloutID, at time: MonotonicTime) {
        self.sweeps.due.insert(id, at: time)
    }

    mutating func startDueSweeps(now: Now) {
        while let id = self.sweeps.due.popDue(now: now.monotonic) {
            if let state = self.sweeps.waiting[id] {
                guard state.laneKey.map({ self.parkedLanes[state.partition]?[$0] == nil }) ?? true else {
                    // Of a parked lane nobody knows what is live.
                    self.sweepAgain(id, at: now.monotonic + .seconds(10))
                    continue
                }
                self.sweeps.waiting[id] = nil
                let live = self.live(of: state)
                self.sweeps.running[id] = Sweep(state, live: live, user: self.user)
            }
            if self.sweeps.running[id] != nil { self.sweeps.ready.append(id) }
        }
    }

    private func live(of state: RolloutState) -> LiveDeployment? {
        state.laneKey.flatMap { self.lanes[state.partition]?[$0]?.liveDeployment }
    }

    /// Whether another rollout of the model decides what serves.
    ///
    /// What is to serve is started again at once, as long as nobody is deploying: the head may be at its build for hours. One
    /// that waits for room has not begun, and may wait as long.
    private func isHeldUp(_ call: SweepCall, of state: RolloutState) -> Bool {
        guard let head = state.laneKey.flatMap({ self.lanes[state.partition]?[$0]?.head }) else { return false }
        switch call {
        case .stopDeployment: return self.rollouts[head]?.waitsForRoom != true
        case .reviveDeployment: return self.rollouts[head]?.isDeploying == true
        // Another try of the run may go by the version, and nothing is built from it yet.
        case .removeVersion: return self.rollouts[head]?.state.run?.runID == state.run?.runID
        case .findVersions, .findBuilds, .findDeployments, .findUses, .readLive, .removeBuild:
            return false
        }
    }

    /// Starts calls of sweeps where rollouts leave slots, or have had many.
    mutating func dispatchSweeps(now: Now) {
        guard !self.isStopping else { return }
        while let id = self.sweeps.ready.first {
            guard let partition = self.sweeps.running[id]?.state.partition,
                case .call(let call)? = self.sweeps.running[id]?.nextMove()
            else {
                _ = self.sweeps.ready.popFirst()
                self.journalSweep(id)
                continue
            }
            guard self.outage(before: call.component) == nil else {
                _ = self.sweeps.ready.popFirst()
                self.putOff(id, call.component, now: now)
                continue
            }
            guard !call.isChanging || self.mayChange(call, id, partition, now: now) else { continue }
            guard self.budget.take(now: now.monotonic) else { return }
            _ = self.sweeps.ready.popFirst()
            self.start(call, id, partition, now: now)
            // The next one waits for its turn like this one did.
            guard self.ready.isEmpty else { return }
        }
    }

    private mutating func start(_ call: SweepCall, _ id: RolloutID, _ partition: Partition, now: Now) {
        self.sweeps.callsBetween = 0
        let number = self.nextNumber()
        let planned =
            if call.isChanging, let intent = self.sweeps.running[id]?.intent {
                PlannedCall(number, changing: .sweep(call), for: id, intent, validity: self.policy.intentValidity)
            } else {
                PlannedCall(number, reading: .sweep(call), partition: partition, rollout: id)
            }
        self.calls[number] = CallContext(
            id: id,
            call: .sweep(call),
            startedAt: now.monotonic,
            notAfter: planned.startBefore
        )
        self.actions.append(.call(planned))
    }

    /// Whether a change is to be made now: it is wanted still, nobody else is changing what serves, and its intent is
    /// committed and fresh (rule 21).
    ///
    /// What is not is put off, left out, or announced here. A sweep may have waited long for its call, and others have gone on.
    private mutating func mayChange(_ call: SweepCall, _ id: RolloutID, _ partition: Partition, now: Now) -> Bool {
        guard let sweep = self.sweeps.running[id] else { return false }
        let live = self.live(of: sweep.state)?.place
        switch call {
        case .reviveDeployment(let place) where live != place, .stopDeployment(let place) where live == place:
            self.sweeps.running[id]?.succeeded([])
            return false
        default: break
        }
        // Then another one decides what serves, and what was found may be another thing afterwards.
        guard !self.isHeldUp(call, of: sweep.state) else {
            _ = self.sweeps.ready.popFirst()
            self.sweeps.running[id]?.lookAgain()
            self.sweepAgain(id, at: now.monotonic + .seconds(10))
            return false
        }
        guard !self.leaving.contains(partition) else {
            _ = self.sweeps.ready.popFirst()
            return false
        }
        guard let intent = sweep.intent, intent.subject == .cleanUp,
            now.monotonic < intent.began + self.policy.intentValidity
        else {
            _ = self.sweeps.ready.popFirst()
            guard let state = self.sweeps.running[id]?.announce() else { return false }
            self.record(state, purpose: .sweep, publishes: false)
            return false
        }
        return true
    }

    mutating func sweepSucceeded(_ id: RolloutID?, _ result: CallResult, now: Now) {
        guard let id, let sweep = self.sweeps.running[id] else { return }
        // What is live now, not what was when the sweep began.
        let live = self.live(of: sweep.state)
        self.sweeps.running[id]?.live = live
        if case .marked(let objects) = result { self.sweeps.running[id]?.succeeded(objects) }
        self.sweeps.ready.append(id)
    }

    /// Writes down what a sweep has found, or that it is over.
    private mutating func journalSweep(_ id: RolloutID) {
        switch self.sweeps.running[id]?.nextMove() {
        case nil, .call: return
        case .tell:
            guard let state = self.sweeps.running[id]?.tell() else { return }
            self.record(state, purpose: .sweep, publishes: false, reportsOrphans: true)
        case .finish:
            guard let (state, isNews) = self.sweeps.running.removeValue(forKey: id)?.finished() else { return }
            self.record(state, purpose: .sweep, publishes: false, reportsOrphans: isNews)
            self.settleRunKey(of: state)
            // It is looked once more; from when on, is counted when this is committed.
            if state.needsSweep { self.sweeps.waiting[id] = state }
        }
    }

    /// What a sweep has found, or is about to change, is journalled: now it may be done.
    mutating func sweepRecorded(_ id: RolloutID, _ intent: CommittedIntent?, now: Now) {
        if let state = self.sweeps.waiting[id] { self.schedule(state, now: now) }
        guard self.sweeps.running[id] != nil else { return }
        self.sweeps.running[id]?.intent = intent
        self.sweeps.ready.append(id)
    }
}

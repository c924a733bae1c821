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

    /// Drops the sweep of a rollout that is not over in another partition.
    mutating func remove(_ id: RolloutID) {
        guard self.waiting.removeValue(forKey: id) != nil || self.running.removeValue(forKey: id) != nil else { return }
        self.due.removeAll { $0 == id }
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
        let passed = Span.milliseconds(max(0, now.wall.milliseconds(since: state.phaseAt)))
        let left = Span(nanoseconds: max(0, self.policy.sweepAfter.nanoseconds - passed.nanoseconds))
        self.sweeps.waiting[state.id] = state
        self.sweepAgain(state.id, at: now.monotonic + left)
    }

    private mutating func sweepAgain(_ id: RolloutID, at time: MonotonicTime) {
        self.sweeps.due.insert(id, at: time)
    }

    mutating func startDueSweeps(now: Now) {
        while let id = self.sweeps.due.popDue(now: now.monotonic) {
            if let state = self.sweeps.waiting[id] {
                let lane = state.laneKey.flatMap { self.lanes[state.partition]?[$0] }
                guard lane?.head == nil || !Sweep.concernsDeployments(state) else {
                    // The one under way decides what will be live, and would displace an orphan itself.
                    self.sweepAgain(id, at: now.monotonic + .seconds(10))
                    continue
                }
                self.sweeps.waiting[id] = nil
                self.sweeps.running[id] = Sweep(state, live: lane?.liveDeployment)
            }
            if self.sweeps.running[id] != nil { self.sweeps.ready.append(id) }
        }
    }

    /// Starts calls of sweeps where rollouts leave slots.
    mutating func dispatchSweeps(now: Now) {
        guard !self.isStopping, self.ready.isEmpty else { return }
        while let id = self.sweeps.ready.first {
            guard case .call(let call)? = self.sweeps.running[id]?.nextMove() else {
                _ = self.sweeps.ready.popFirst()
                self.journalSweep(id)
                continue
            }
            guard self.isStillWanted(call, id, now: now) else { continue }
            guard self.outages[call.component]?.allowsCalls == true else {
                _ = self.sweeps.ready.popFirst()
                self.sweepAgain(id, at: now.monotonic + self.policy.retry.backoff.cap)
                continue
            }
            guard self.budget.take(now: now.monotonic) else { return }
            _ = self.sweeps.ready.popFirst()
            let partition = self.sweeps.running[id]?.state.partition
            let number = self.nextNumber()
            self.calls[number] = CallContext(id: id, call: .sweep(call), startedAt: now.monotonic)
            self.actions.append(
                .call(PlannedCall(number, reading: .sweep(call), partition: partition, rollout: id))
            )
        }
    }

    /// Whether a call is still to be made: a deployment is revived only while it is the one that ought to serve.
    ///
    /// What is not is put off or left out here. A sweep may have waited long for its call, and others have gone on.
    private mutating func isStillWanted(_ call: SweepCall, _ id: RolloutID, now: Now) -> Bool {
        guard case .reviveDeployment(let place) = call, let state = self.sweeps.running[id]?.state else { return true }
        let lane = state.laneKey.flatMap { self.lanes[state.partition]?[$0] }
        guard lane?.liveDeployment?.place == place else {
            self.sweeps.running[id]?.succeeded([])
            return false
        }
        // Then what is being deployed decides what serves.
        guard lane?.head.flatMap({ self.rollouts[$0] })?.isDeploying != true else {
            _ = self.sweeps.ready.popFirst()
            self.sweepAgain(id, at: now.monotonic + .seconds(10))
            return false
        }
        return true
    }

    mutating func sweepSucceeded(_ id: RolloutID?, _ result: CallResult) {
        guard let id, self.sweeps.running[id] != nil else { return }
        if case .marked(let objects) = result { self.sweeps.running[id]?.succeeded(objects) }
        self.sweeps.ready.append(id)
    }

    mutating func sweepFailed(_ id: RolloutID?, _ failure: CallFailure, of component: Component, now: Now) {
        guard let id, let sweep = self.sweeps.running[id] else { return }
        switch failure.kind {
        case .notFound:
            // Gone already, whoever took it away.
            self.sweeps.running[id]?.succeeded([])
            self.sweeps.ready.append(id)
        case .unavailable, .unauthorized, .rateLimited, .withheld,
            .inBetween where self.outages[component]?.allowsCalls != true:
            self.sweepAgain(id, at: now.monotonic + self.policy.retry.backoff.cap)
        case .serverError, .protocol, .conflict, .forbidden, .invalid, .inBetween:
            let attempts = sweep.attempts + 1
            self.sweeps.running[id]?.attempts = attempts
            guard attempts < self.policy.retry.maximumAttempts else {
                if case .call(let call)? = self.sweeps.running[id]?.nextMove() {
                    self.actions.append(.sweepGivenUp(sweep.state, call, failure.cause))
                }
                self.sweeps.running[id]?.gaveUp()
                self.sweeps.ready.append(id)
                return
            }
            let delay = self.policy.retry.backoff.jitteredDelay(afterFailures: attempts, using: &self.random)
            self.sweepAgain(id, at: now.monotonic + delay)
        }
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
        }
    }

    /// What a sweep has found is journalled: now it may be taken away.
    mutating func sweepRecorded(_ id: RolloutID) {
        if self.sweeps.running[id] != nil { self.sweeps.ready.append(id) }
    }
}

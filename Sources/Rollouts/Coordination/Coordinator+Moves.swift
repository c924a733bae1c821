// SPDX-License-Identifier: Apache-2.0

import Values

extension Coordinator {
    /// Brings a rollout to its next call, wait or end.
    mutating func move(_ id: RolloutID, now: Now) {
        while let rollout = self.rollouts[id] {
            if rollout.state.step == .lane, rollout.isHead, self.waitsForRoom(rollout, now: now) { return }
            let live = rollout.laneKey.flatMap { self.lanes[rollout.state.partition]?[$0]?.liveDeployment }
            switch rollout.nextMove(live: live?.run) {
            case .call(var call):
                switch self.sharedVerdict(on: call, for: rollout, now: now) {
                case .proceed: continue
                case .finish(let phase, let cause):
                    self.finish(id, phase, cause, now: now)
                    return
                case .poll, .suspect, .beginAgain, nil: break
                }
                call.complete(user: self.user, live: live)
                if self.policy.ownsRegistryNames, let run = rollout.state.run {
                    call.complete(ownerOfName: run.projectID)
                }
                self.want(call, for: rollout, now: now)
                return
            case .create(_, .version) where self.owesLookAtName(rollout, live: live):
                rollout.look = .owed
            case .create(let call, _):
                guard !rollout.isPastDeadline(now.monotonic) else {
                    self.giveUp(rollout, rollout.waitCause ?? self.deadlinePassed(rollout), now: now)
                    return
                }
                self.want(call, for: rollout, now: now)
                return
            case .decideOnFacts:
                guard self.decidesOnFacts(rollout, now: now) else { return }
            case .advance where rollout.state.step == .lane:
                self.beginWork(rollout, now: now)
            case .advance(let step):
                if step == .register { self.noteOthers(of: rollout, now: now) }
                rollout.advance(to: step, at: now)
                if step == .model { self.takeModelOfLane(rollout) }
                if step == .verify { self.note(id, now: now) }
            case .enterLane:
                guard self.enterLane(rollout, now: now) else { return }
            case .compare:
                guard self.passesComparison(rollout, now: now) else { return }
            case .finish(let phase, let cause):
                self.finish(id, phase, cause, now: now)
                return
            }
        }
    }

    /// Whether it is to be asked first whose name that of the registered model is.
    ///
    /// Of the name that the lane's live deployment was registered under it is known.
    private func owesLookAtName(_ rollout: Rollout, live: LiveDeployment?) -> Bool {
        self.policy.ownsRegistryNames && rollout.look == .notOwed
            && live?.registeredModel?.name != rollout.state.plan.registeredName
    }

    mutating func want(_ call: APICall, for rollout: Rollout, now: Now) {
        rollout.hold(since: now.monotonic)
        rollout.activity = .ready(call)
        self.ready.append(rollout.id)
    }

    /// Takes the model that the lane's live deployment has, where its versions are of the same registered model.
    ///
    /// A hint: the workbench says so if it is gone. Then it is looked for.
    private func takeModelOfLane(_ rollout: Rollout) {
        guard !rollout.isRestored, rollout.state.made.modelID == nil, let key = rollout.laneKey,
            let live = self.lanes[rollout.state.partition]?[key]?.liveDeployment, let place = live.place,
            let registeredModelID = live.registeredModel?.id, registeredModelID == rollout.state.made.registeredModelID
        else { return }
        rollout.state.made.modelID = place.modelID
        rollout.modelIsHint = true
    }

    private func noteOthers(of rollout: Rollout, now: Now) {
        rollout.isReplayed = self.registeredRuns.mayContain(rollout, now: now.monotonic)
    }

    /// Lets a rollout wait; its wait ends with `advance`.
    mutating func wait(_ rollout: Rollout, until time: MonotonicTime) {
        rollout.token &+= 1
        rollout.activity = .waiting
        self.due.insert(Wait(id: rollout.id, token: rollout.token), at: time)
    }

    /// Takes the lane at once, if nobody has it.
    mutating func takeLane(_ rollout: Rollout, key: Lane.Key) -> Bool {
        let partition = rollout.state.partition
        guard let waiting = rollout.waiting, self.lanes[partition]?[key]?.head == nil else { return false }
        return self.lanes[partition]?[key, default: Lane()].enter(waiting) == .head
    }

    /// Lets a resolved rollout into its lane.
    ///
    /// - Returns: Whether it is its turn, so that it goes on.
    private mutating func enterLane(_ rollout: Rollout, now: Now) -> Bool {
        guard let key = rollout.laneKey, let waiting = rollout.waiting else {
            preconditionFailure("rollout enters a lane before its run is known")
        }
        guard !self.waitsForJournal(rollout, key: key, now: now), !self.waitsForHolder(rollout, now: now) else {
            return false
        }
        guard let entry = self.lanes[rollout.state.partition]?[key, default: Lane()].enter(waiting) else {
            preconditionFailure("rollout of a partition that is not held")
        }
        guard entry == .head else {
            self.entered(rollout, entry, now: now)
            if rollout.state.replay != nil { self.hurryHead(before: rollout, now: now) }
            return false
        }
        rollout.isHead = true
        guard let (phase, cause) = self.endAtTurn(rollout) else { return true }
        self.finish(rollout.id, phase, cause, now: now)
        return false
    }

    /// Lets rollouts that a journal says to have waited for their turns wait on, and then gives the turns.
    ///
    /// All first: who is next depends on who else waits.
    mutating func enterAgain(_ rollouts: [Rollout], now: Now) {
        var keys: [(partition: Partition, key: Lane.Key)] = []
        for rollout in rollouts {
            let partition = rollout.state.partition
            guard let key = rollout.laneKey, let waiting = rollout.waiting,
                let entry = self.lanes[partition]?[key, default: Lane()].wait(waiting)
            else { preconditionFailure("rollout waits in a lane before its run is known") }
            self.entered(rollout, entry, now: now)
            keys.append((partition, key))
        }
        for (partition, key) in keys {
            self.giveTurn(to: self.lanes[partition]?[key]?.takeTurn() ?? nil, now: now)
        }
    }

    mutating func entered(_ rollout: Rollout, _ entry: Lane.Entry, now: Now) {
        let message: String
        switch entry {
        case .head: return
        case .queued(let superseded):
            rollout.activity = .queued
            // Read again in its turn, when they may have changed; nobody keeps them meanwhile.
            rollout.facts = nil
            if rollout.state.phase != .queued { self.note(rollout.id, now: now) }
            guard let superseded else { return }
            message = "\(Lane.candidateLimit) newer runs of the model wait"
            self.finish(superseded, .superseded, Cause(.newerRun, message), now: now)
        case .superseded(let newer):
            message = "run \(newer.runID) of the model is newer and waits already, as do others"
            self.finish(rollout.id, .superseded, Cause(.newerRun, message), now: now)
        }
    }

    /// How a rollout ends whose turn it is and which must not go on; `nil` where it goes on.
    func endAtTurn(_ rollout: Rollout) -> (Phase, Cause)? {
        if let cause = self.duplicated(rollout) { return (.skipped, cause) }
        return self.displaced(rollout).map { (.superseded, $0) }
    }

    /// Why a rollout whose turn it is must not go on: what came later, or is newer, has been deployed.
    private func displaced(_ rollout: Rollout) -> Cause? {
        guard let run = rollout.state.run, let key = rollout.laneKey,
            let lane = self.lanes[rollout.state.partition]?[key]
        else { return nil }
        guard !rollout.state.isRollback else {
            // It counts from when it was accepted, however long its run took to be found.
            guard let later = lane.deployed(after: rollout.state.acceptance) else { return nil }
            return Cause(.newerRun, "rollout \(later), which was accepted after this rollback, has been deployed")
        }
        guard let newer = lane.newer(than: run.order) else { return nil }
        guard newer != run.order else {
            return Cause(.newerRun, "run \(run.runID) was deployed before, and taken back by a rollback")
        }
        return Cause(.newerRun, "run \(newer.runID) of the model is newer and has been deployed")
    }

    /// Checks the gates that compare with the deployed run.
    private mutating func passesComparison(_ rollout: Rollout, now: Now) -> Bool {
        guard let facts = rollout.facts, let deployed = rollout.deployedFacts else {
            preconditionFailure("runs compared before their facts are known")
        }
        if let cause = rollout.state.plan.gates.firstUnmet(by: facts, deployed: deployed) {
            self.finish(rollout.id, .skipped, cause, now: now)
            return false
        }
        self.beginWork(rollout, now: now)
        return true
    }

    /// It is its turn, and the gates that compare are passed: older runs that wait, and want only the latest, end.
    private mutating func beginWork(_ rollout: Rollout, now: Now) {
        rollout.facts = nil
        rollout.deployedFacts = nil
        self.noteOthers(of: rollout, now: now)
        rollout.advance(to: .register, at: now)
        guard !rollout.state.isRollback, let run = rollout.state.run, let key = rollout.laneKey else { return }
        let superseded = self.lanes[rollout.state.partition]?[key]?.supersede(olderThan: run.order) ?? []
        let cause = Cause(.newerRun, "run \(run.runID) of the model is newer and has its turn")
        for id in superseded { self.finish(id, .superseded, cause, now: now) }
    }

    /// Ends a rollout and gives its lane to the next.
    mutating func finish(_ id: RolloutID, _ phase: Phase, _ cause: Cause?, now: Now) {
        self.giveTurn(to: self.end(id, phase, cause, now: now), now: now)
    }

    /// Lets the next rollout of a lane go on, or ends it where a newer run has been deployed.
    mutating func giveTurn(to id: RolloutID?, now: Now) {
        var next = id
        // A loop and no recursion: a long lane of older runs may end at once.
        while let id = next, let rollout = self.rollouts[id] {
            rollout.isHead = true
            guard let (phase, cause) = self.endAtTurn(rollout) else {
                // The wait for its turn was no time of the step's.
                rollout.startClock(at: now.monotonic)
                self.move(id, now: now)
                return
            }
            next = self.end(id, phase, cause, now: now)
        }
    }

    /// Ends one rollout.
    ///
    /// - Returns: The rollout whose turn it is now, if this one had the lane.
    private mutating func end(_ id: RolloutID, _ phase: Phase, _ cause: Cause?, now: Now) -> RolloutID? {
        guard let rollout = self.rollouts[id], rollout.activity != .ending else { return nil }
        var laneState: LaneState?
        if let key = rollout.laneKey {
            if rollout.state.step == .verify || phase == .deployed {
                laneState = self.deployed(
                    rollout,
                    key: key,
                    phase == .deployed ? .good(LiveHolder(rollout.state)) : .failed
                )
            } else if let run = rollout.state.run, rollout.mayBeDeployed(after: cause) {
                self.lanes[rollout.state.partition]?[key, default: Lane()].mayBeDeployed(run.order)
                laneState = self.laneState(of: key, partition: rollout.state.partition)
            }
        }
        // The route that facts have chosen has accepted it, also where they end it: the next owner counts by what is written.
        if rollout.state.plan.route.isEmpty, let route = rollout.found?.decision?.route {
            rollout.state.plan.route = route
        }
        rollout.state.enter(phase, at: now.wall, cause: Self.doubtWhatIsMissing(rollout, cause))
        rollout.state.closeDoubts(at: self.workbenchClock.time(now))
        rollout.state.step = .finished
        rollout.state.intent = nil
        rollout.activity = .ending
        self.giveUpRunKey(rollout)
        self.atWork.end(rollout)
        if rollout.state.needsSweep { self.doubtRunKey(of: rollout.state) }
        if phase != .deployed { self.registeredRuns.noteEnd(of: rollout, now: now.monotonic, for: self.policy.settle) }
        rollout.facts = nil
        rollout.deployedFacts = nil
        self.record(rollout.state, purpose: .end, publishes: true, lane: laneState)
        return self.leaveLane(rollout)
    }

    /// What was acknowledged and is not to be found may come up yet: it is in doubt, and the clean-up looks (rule 14).
    ///
    /// The rollout does not go by it any more, so that the clean-up takes it for what is left over; the cause keeps its id.
    private static func doubtWhatIsMissing(_ rollout: Rollout, _ cause: Cause?) -> Cause? {
        guard let cause, cause.class == .notFound, let step = rollout.state.step.makes,
            let id = step.rules.id(in: rollout.state.made)
        else { return cause }
        rollout.state.doubt(step)
        rollout.state.made.forget(step)
        let message = "\(cause.message) (\(step.rawValue) \(id) was acknowledged)"
        return Cause(cause.class, message, httpStatus: cause.httpStatus)
    }

    /// Takes a rollout out of its lane.
    ///
    /// - Returns: The rollout whose turn it is now, if this one had the lane.
    mutating func leaveLane(_ rollout: Rollout) -> RolloutID? {
        guard let key = rollout.laneKey else { return nil }
        let partition = rollout.state.partition
        let next = self.lanes[partition]?[key]?.leave(rollout.id)
        if self.lanes[partition]?[key]?.isEmpty == true { self.lanes[partition]?[key] = nil }
        return next ?? nil
    }

    /// The workbench reports a deployment as up: from now on this run is live, and what is older stays out.
    ///
    /// - Parameters:
    ///   - rollout: The rollout that has deployed it.
    ///   - key: Its lane.
    ///   - standing: How it stands with it.
    /// - Returns: What the journal must know of the lane.
    private mutating func deployed(_ rollout: Rollout, key: Lane.Key, _ standing: Lane.Standing) -> LaneState? {
        guard let run = rollout.state.run else { return nil }
        let partition = rollout.state.partition
        self.lanes[partition]?[key, default: Lane()].deployed(
            run,
            by: rollout.state.acceptance,
            at: rollout.state.place,
            registeredModel: rollout.state.made.registeredModelID.map {
                KnownRegisteredModel(id: $0, name: rollout.state.plan.registeredName)
            },
            standing: standing
        )
        return self.laneState(of: key, partition: partition)
    }

    /// What the journal must know of a lane; `nil` while nothing was deployed.
    func laneState(of key: Lane.Key, partition: Partition) -> LaneState? {
        // What can't be read is not overwritten.
        guard self.parkedLanes[partition]?[key] == nil, let lane = self.lanes[partition]?[key],
            let newest = lane.newestDeployed
        else { return nil }
        var state = LaneState(
            projectID: key.projectID,
            modelName: key.modelName,
            newestDeployed: newest,
            live: lane.live
        )
        state.place = lane.liveDeployment?.place
        state.registeredModel = lane.liveDeployment?.registeredModel
        state.rolledBackFrom = lane.liveDeployment?.rolledBackFrom
        state.newestAccepted = lane.liveDeployment?.newestAccepted
        state.beginnings = lane.beginnings
        if let holders = lane.liveDeployment?.holders, !holders.isEmpty { state.liveHolders = holders }
        return state
    }

    /// Writes down where a rollout stands, without waiting for the commit; tells people if its phase has changed.
    mutating func note(_ id: RolloutID, now: Now) {
        guard let rollout = self.rollouts[id] else { return }
        var publishes = false
        if let phase = rollout.phaseOfStep, phase != rollout.state.phase {
            rollout.state.enter(phase, at: now.wall)
            publishes = true
        }
        var lane: LaneState?
        if rollout.state.step == .verify, let key = rollout.laneKey {
            lane = self.deployed(rollout, key: key, .unproven)
        }
        self.record(rollout.state, purpose: .note, publishes: publishes, lane: lane)
    }

    mutating func record(
        _ state: RolloutState,
        purpose: RecordPurpose,
        publishes: Bool,
        lane: LaneState? = nil,
        reportsOrphans: Bool = false
    ) {
        let ticket = self.nextNumber()
        self.tickets[ticket] = TicketContext(id: state.id, partition: state.partition, purpose: purpose)
        self.actions.append(
            .record(
                Record(
                    ticket: ticket,
                    partition: state.partition,
                    rollout: state,
                    publishes: publishes,
                    lane: lane,
                    reportsOrphans: reportsOrphans
                )
            )
        )
    }
}

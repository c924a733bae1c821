// SPDX-License-Identifier: Apache-2.0

package import Values

extension Coordinator {
    /// Starts as many of the wanted calls as the budget allows, first come, first served.
    ///
    /// One rollout of a model is under way at a time, so the order of arrival is fair between models.
    mutating func dispatch(now: Now) {
        self.dispatchCleared(now: now)
        // However many rollouts wait: what is late may have displaced the newest run (rule 21).
        if self.sweeps.isDue { self.dispatchSweeps(now: now) }
        self.dispatchRollouts(now: now)
        if self.ready.isEmpty { self.dispatchSweeps(now: now) }
    }

    /// Makes the creating calls whose intents are committed; one whose intent has grown too old begins anew.
    private mutating func dispatchCleared(now: Now) {
        while let id = self.cleared.first {
            guard let rollout = self.rollouts[id], case .cleared(let call, let intent) = rollout.activity else {
                _ = self.cleared.popFirst()
                continue
            }
            if let component = self.outage(before: call, of: rollout) {
                _ = self.cleared.popFirst()
                self.withdraw(call, of: rollout)
                self.park(rollout, component: component, now: now)
                continue
            }
            guard now.monotonic < intent.began + self.policy.intentValidity else {
                _ = self.cleared.popFirst()
                self.lateIntents.wasLate(now: now.monotonic)
                self.commitIntent(of: call, for: rollout, now: now)
                continue
            }
            guard self.budget.takeReserved() else { return }
            _ = self.cleared.popFirst()
            self.start(call, for: rollout, intent: intent, now: now)
        }
    }

    /// Takes an intent back whose call is not made, so that whoever takes over need not wait for its effect.
    private mutating func withdraw(_ call: APICall, of rollout: Rollout) {
        self.budget.withdraw()
        rollout.state.intent = nil
        rollout.activity = .ready(call)
        self.record(rollout.state, purpose: .note, publishes: false)
    }

    /// Starts nothing new from now on; what is under way ends at its next step boundary.
    package mutating func stop() {
        self.isStopping = true
        self.withdrawCleared()
    }

    /// Starts nothing new for partitions that are being handed over, until they are released.
    ///
    /// Intents whose calls are not made yet are taken back: whoever comes next need not wait for the effect of a call that
    /// nobody has sent.
    package mutating func leave(_ partitions: some Sequence<Partition>) {
        self.leaving.formUnion(partitions)
        self.withdrawCleared()
        self.giveUpHeldBackCanaries()
    }

    /// Whether nothing new may start for a partition.
    func isHeldBack(_ partition: Partition) -> Bool { self.isStopping || self.leaving.contains(partition) }

    private mutating func withdrawCleared() {
        var kept = FIFO<RolloutID>()
        while let id = self.cleared.popFirst() {
            guard let rollout = self.rollouts[id], case .cleared(let call, _) = rollout.activity else { continue }
            if self.isHeldBack(rollout.state.partition) {
                self.withdraw(call, of: rollout)
            } else {
                kept.append(id)
            }
        }
        self.cleared = kept
    }

    private mutating func dispatchRollouts(now: Now) {
        while let id = self.ready.first {
            guard let rollout = self.rollouts[id], case .ready(let call) = rollout.activity else {
                _ = self.ready.popFirst()
                continue
            }
            guard !self.isStopping else { return }
            guard !self.leaving.contains(rollout.state.partition) else {
                // Its partition is released next, and it with it.
                _ = self.ready.popFirst()
                continue
            }
            if let component = self.outage(before: call, of: rollout) {
                _ = self.ready.popFirst()
                self.park(rollout, component: component, now: now)
                continue
            }
            if self.mayShareAnswer(to: call, rollout, now: now) {
                _ = self.ready.popFirst()
                self.shareAnswer(to: call, rollout, now: now)
                continue
            }
            guard self.mayTry(call, for: rollout, now: now) else {
                _ = self.ready.popFirst()
                continue
            }
            if call.isCreating {
                guard self.budget.reserve(now: now.monotonic) else { return }
                _ = self.ready.popFirst()
                self.commitIntent(of: call, for: rollout, now: now)
            } else {
                guard self.budget.take(now: now.monotonic) else { return }
                _ = self.ready.popFirst()
                self.start(call, for: rollout, intent: nil, now: now)
            }
        }
    }

    /// Journals that a creating call is about to be made; it holds a place, so that the intent is fresh when it is.
    private mutating func commitIntent(of call: APICall, for rollout: Rollout, now: Now) {
        rollout.state.intent = call.creatingStep
        if rollout.state.askedAt == nil { rollout.state.askedAt = self.workbenchClock.time(now) }
        var publishes = false
        if let phase = rollout.phaseOfStep, phase != rollout.state.phase {
            rollout.state.enter(phase, at: now.wall)
            publishes = true
        }
        rollout.activity = .committing(call)
        self.record(rollout.state, purpose: .intent, publishes: publishes)
    }

    private mutating func start(_ call: APICall, for rollout: Rollout, intent: CommittedIntent?, now: Now) {
        let number = self.nextNumber()
        let planned =
            if let intent {
                PlannedCall(number, changing: call, for: rollout.id, intent, validity: self.policy.intentValidity)
            } else {
                PlannedCall(number, reading: call, partition: rollout.state.partition, rollout: rollout.id)
            }
        self.sweeps.callsBetween += 1
        self.sharedAnswers.begin(call)
        rollout.goOn(at: now.monotonic)
        rollout.activity = .calling(call)
        self.calls[number] = CallContext(
            id: rollout.id,
            call: call,
            startedAt: now.monotonic,
            notAfter: planned.startBefore
        )
        self.actions.append(.call(planned))
    }

    /// A record is committed.
    ///
    /// - Parameters:
    ///   - ticket: The record's ticket; one of a partition that was released means nothing.
    ///   - intent: The intent that it announced, for a creating call to come; `nil` where it announced none.
    ///   - now: The moment.
    package mutating func recorded(_ ticket: Ticket, intent: CommittedIntent?, now: Now) {
        if let forgotten = self.forgetting.removeValue(forKey: ticket) {
            self.forgot(forgotten, now: now)
            return
        }
        guard let context = self.tickets.removeValue(forKey: ticket) else { return }
        switch context.purpose {
        case .note: break
        case .end:
            let ended = self.rollouts[context.id]
            self.rollouts.remove(context.id)
            if let ended {
                self.known[ended.state.partition]?.end(context.id, at: now.wall, isFailed: ended.state.phase == .failed)
                self.planSweep(of: ended.state, now: now)
            }
        case .sweep: self.sweepRecorded(context.id, intent, now: now)
        case .move: self.moved(context.id, now: now)
        case .intent:
            guard let rollout = self.rollouts[context.id], case .committing(let call) = rollout.activity, let intent
            else { break }
            if self.isHeldBack(rollout.state.partition) {
                self.withdraw(call, of: rollout)
            } else {
                rollout.activity = .cleared(call, intent)
                self.cleared.append(context.id)
            }
        }
    }

    /// A record was refused for good, because it is too large for its topic.
    package mutating func recordRefused(_ ticket: Ticket, _ cause: Cause, now: Now) {
        guard let context = self.tickets[ticket], let rollout = self.rollouts[context.id],
            rollout.state.partition == context.partition
        else {
            self.sweepRecordRefused(cause, ticket, now: now)
            return
        }
        self.tickets[ticket] = nil
        switch (context.purpose, rollout.activity) {
        case (.sweep, _): break
        case (.move, _):
            // What was to be passed on ends here, where it is known.
            rollout.activity = .waiting
            rollout.state.shorten()
            self.finish(context.id, .failed, cause, now: now)
        case (.end, _):
            self.endShortened(rollout)
        case (.note, .ending), (.intent, .ending), (.note, .moving), (.intent, .moving):
            // Its terminal record is on its way already.
            break
        case (.note, _), (.intent, _):
            if rollout.activity.holdsPlace { self.budget.withdraw() }
            rollout.state.shorten()
            rollout.activity = .waiting
            self.finish(context.id, .failed, cause, now: now)
        }
    }

    /// The terminal record itself didn't fit: without the event's own texts it does.
    private mutating func endShortened(_ rollout: Rollout) {
        let whole = rollout.state
        rollout.state.shorten()
        rollout.state.cause?.message = String(whole.cause?.message.prefix(200) ?? "")
        // What is refused in its shortest form, too, stays in memory, for the next one who takes the partition over.
        guard rollout.state != whole else {
            // No clean-up of it comes before that, and nobody is to wait for one.
            self.settleRunKey(of: rollout.state)
            return
        }
        let lane = rollout.laneKey.flatMap { self.laneState(of: $0, partition: rollout.state.partition) }
        self.record(rollout.state, purpose: .end, publishes: true, lane: lane)
    }

    /// A call was answered.
    package mutating func callSucceeded(_ call: CallID, _ result: CallResult, now: Now) {
        guard let context = self.calls.removeValue(forKey: call) else { return }
        self.budget.release()
        self.budget.succeeded()
        self.sharedAnswers.learn(context.call, result, now: now.monotonic)
        defer { self.wakeSharing(context.call, now: now) }
        if case .probe(let component, _) = context.call {
            if component == .modelService { self.probing.knowsModelService = true }
            self.probeSucceeded(component, now: now)
        } else if case .sweep = context.call {
            self.sweepSucceeded(context.id, result, now: now)
        } else if let id = context.id, let rollout = self.rollouts[id], case .calling = rollout.activity {
            self.learn(from: context.call, result)
            if context.call.isCreating { self.lateIntents.wasInTime() }
            if !result.isNoAnswer {
                self.noteSuccess(of: context.call, for: rollout, now: now)
                self.noteTry(of: context.call, by: rollout, now: now)
            }
            if case .verification = result, !result.isNoAnswer { self.learnModelService(now: now) }
            let wasResolving = rollout.state.step == .resolve
            if context.call.isCreating { rollout.state.intent = nil }
            let mayLag = self.mayLag(result, rollout, startedAt: context.startedAt, now: now)
            let verdict = rollout.succeeded(result, startedAt: context.startedAt, mayLag: mayLag)
            rollout.state.closeDoubts(at: self.workbenchClock.time(now))
            self.probing.note(context.call, of: rollout, self.subject(of: rollout))
            self.follow(verdict, of: context, rollout, wasResolving: wasResolving, now: now)
        }
    }

    /// Learns from the answer to a creation what the workbench keeps of what was sent (rule 15).
    private mutating func learn(from call: APICall, _ result: CallResult) {
        guard let step = call.creatingStep, let making = result.making else { return }
        if !making.user.isEmpty { self.user = making.user }
        guard let keeps = making.keepsMarker, self.keepsMarkers[step] ?? true != keeps else { return }
        self.keepsMarkers[step] = keeps
        self.actions.append(.markers(step, areKept: keeps))
    }

    /// An answer of the workbench says what its clock shows.
    ///
    /// - Parameters:
    ///   - time: Reads what it says.
    ///   - took: How long ago it was asked for.
    ///   - now: The moment.
    package mutating func workbenchClockShows(_ time: () -> Timestamp?, took: Span, now: Now) {
        // Of a time that no journal takes nothing is noted: somebody in between has made it up.
        guard self.workbenchClock.wants(now.monotonic), let time = time(), JournalBounds.clock.contains(time) else {
            return
        }
        self.workbenchClock.shows(time, took: took, now: now)
    }

    /// Whether a run that an answer does not show may only not be shown yet (rule 14).
    private func mayLag(_ result: CallResult, _ rollout: Rollout, startedAt: MonotonicTime, now: Now) -> Bool {
        // The answer may be read much later than it was given.
        let asked = now.wall.advanced(by: .zero - (now.monotonic - startedAt).duration)
        guard result.isWithoutRun, rollout.state.step == .lane else {
            rollout.missingSince = nil
            return asked < rollout.state.acceptedAt.advanced(by: self.policy.settle.duration)
        }
        // Both runs that are compared have been shown before, when they were resolved.
        let since = rollout.missingSince ?? now.monotonic
        rollout.missingSince = since
        return startedAt < since + self.policy.settle && !rollout.isPastDeadline(now.monotonic)
    }

    private mutating func follow(
        _ verdict: Rollout.Verdict,
        of context: CallContext,
        _ rollout: Rollout,
        wasResolving: Bool,
        now: Now
    ) {
        let (id, wasCreating) = (rollout.id, context.call.isCreating)
        switch verdict {
        case .finish(let phase, let cause):
            guard !wasResolving || !rollout.asksAgain(for: self.decisiveTime(now)) else {
                self.move(id, now: now)
                return
            }
            self.finish(id, phase, cause, now: now)
        case .proceed:
            if wasResolving, rollout.state.run != nil, !self.resolved(rollout, now: now) { return }
            // Nothing follows that would carry the outcome into the journal.
            if wasCreating, self.isHeldBack(rollout.state.partition) { self.note(id, now: now) }
            self.move(id, now: now)
        case .beginAgain:
            self.beginStepAgain(rollout, now: now)
        case .poll where wasResolving && rollout.asksAgain(for: self.decisiveTime(now)):
            // It may be looked for where it was before something was made anew.
            self.move(id, now: now)
        case .poll: self.poll(rollout, wasCreating: wasCreating, now: now)
        case .suspect(let component, let cause):
            rollout.hold(since: context.startedAt)
            self.suspectOutage(of: component, cause, rollout, now: now)
        }
    }

    /// Asks again after a pause, as long as the step has time.
    mutating func poll(_ rollout: Rollout, wasCreating: Bool, now: Now) {
        guard !rollout.isPastDeadline(now.monotonic) else {
            self.giveUp(rollout, rollout.waitCause ?? self.deadlinePassed(rollout), now: now)
            return
        }
        if let certainAt = rollout.uncertainUntil, now.monotonic + Self.stallPatience < certainAt {
            let text = "a call that creates something may have had an effect, or have one yet"
            self.tellWaiting(rollout.id, Cause(.callInDoubt, text), now: now)
        }
        // A gateway may have sent the call on twice; the next poll can look for that as well.
        if wasCreating { rollout.twinLook = .owed }
        let isNews = rollout.phaseOfStep != rollout.state.phase && rollout.phaseOfStep != nil
        if wasCreating || isNews && rollout.uncertainUntil == nil { self.note(rollout.id, now: now) }
        var until = now.monotonic + self.policy.retry.pollInterval(afterPolls: rollout.polls, using: &self.random)
        if let certainAt = rollout.uncertainUntil, certainAt > now.monotonic { until = min(until, certainAt) }
        rollout.readWasAnswered()
        rollout.polls += 1
        self.wait(rollout, until: until)
    }

    /// Begins a step again with its full time, after something that was adopted for it proved to be of no use.
    mutating func beginStepAgain(_ rollout: Rollout, now: Now) {
        let hasDoubt = rollout.state.aftermath?.doubts.contains { $0.step == .version } ?? false
        rollout.advance(to: rollout.state.step, at: now)
        // An own call of unknown outcome may have had its effect since.
        if hasDoubt { rollout.look = .owed }
        rollout.activity = .waiting
        self.move(rollout.id, now: now)
    }

    func deadlinePassed(_ rollout: Rollout) -> Cause {
        let seconds = rollout.allowedMilliseconds / 1_000
        if let cause = rollout.obstacle {
            return Cause(cause.class, "\(cause.message) (for \(seconds) s)", httpStatus: cause.httpStatus)
        }
        return Cause(.deadline, "step '\(rollout.state.step.rawValue)' did not end within \(seconds) s")
    }

    /// The run is known: another rollout of the same run makes this one a duplicate.
    private mutating func resolved(_ rollout: Rollout, now: Now) -> Bool {
        guard let run = rollout.state.run else { preconditionFailure("resolved without a run") }
        guard self.namesModel(rollout, run, now: now), self.namesRegistry(rollout, run, now: now) else { return false }
        if let cause = self.takeRunKey(rollout) {
            rollout.state.run = nil
            self.finish(rollout.id, .skipped, cause, now: now)
            return false
        }
        rollout.found = nil
        rollout.state.plan.claim = nil
        self.registeredRuns.note(rollout, isAlone: self.rollouts.count == 1)
        rollout.advance(to: .lane, at: now)
        return true
    }
}

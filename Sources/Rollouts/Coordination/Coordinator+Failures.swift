// SPDX-License-Identifier: Apache-2.0

package import Values

extension Coordinator {
    /// A call brought no result.
    package mutating func callFailed(_ call: CallID, _ failure: CallFailure, now: Now) {
        guard let context = self.calls.removeValue(forKey: call) else { return }
        self.budget.release()
        if case .probe(let component, _) = context.call {
            self.probeFailed(component, failure, now: now)
        } else if case .sweep = context.call {
            self.sweepFailed(context.id, failure, of: context.call.component, now: now)
        } else if let id = context.id, let rollout = self.rollouts[id], case .calling = rollout.activity {
            let excused = self.noteOutcome(of: context, failure, rollout, now: now)
            self.handle(failure, of: context, rollout, excused: excused, now: now)
        }
    }

    /// Keeps what a failed creating call leaves open: an unknown outcome is looked for, never repeated blindly.
    ///
    /// - Returns: By how much the step's deadline was moved.
    private mutating func noteOutcome(
        of context: CallContext,
        _ failure: CallFailure,
        _ rollout: Rollout,
        now: Now
    ) -> Span {
        guard context.call.isCreating else { return .zero }
        guard !failure.isOutcomeUnknown else {
            // It was sent before its failure was seen, and by its intent's end, unless the process stood still between its
            // last look and the wire; then the call's own time tells when at the earliest.
            let sentBy = min(now.monotonic, max(context.notAfter ?? .zero, now.monotonic - self.policy.requestTimeout))
            let certainAt = sentBy + self.policy.requestTimeout + self.policy.settle
            if let step = context.call.creatingStep {
                rollout.state.doubt(step, until: self.workbenchClock.time(now, in: certainAt - now.monotonic))
            }
            return rollout.becomeUncertain(until: certainAt, now: now.monotonic)
        }
        rollout.state.intent = nil
        // Whoever takes over need not wait for the effect of a call that had none.
        if self.isHeldBack(rollout.state.partition) { self.record(rollout.state, purpose: .note, publishes: false) }
        return .zero
    }

    private mutating func handle(
        _ failure: CallFailure,
        of context: CallContext,
        _ rollout: Rollout,
        excused: Span,
        now: Now
    ) {
        if failure.showsThatCallsArrive(at: context.call.component) { self.endStall(of: context.call, now: now) }
        switch failure.kind {
        case .withheld:
            self.want(context.call, for: rollout, now: now)
        case .unavailable, .unauthorized, .serverError, .inBetween,
            .notFound where context.call.component == .registry:
            // A workbench without a registry answers 404 to everything below it, one whose parts are down 500. An owner's
            // first attempt registers without a look before it, so that its answer, too, may be the first to say so.
            rollout.hold(since: context.startedAt)
            rollout.suspicion = Rollout.Suspicion(
                call: context.call.name,
                cause: failure.cause,
                startedAt: context.startedAt,
                isReading: !context.call.isCreating,
                excused: excused
            )
            self.probeProject = rollout.state.run?.projectID ?? rollout.reference.projectID ?? self.probeProject
            self.suspectOutage(of: context.call.component, failure.cause, rollout, now: now)
        case .rateLimited:
            rollout.hold(since: context.startedAt)
            let pause = Self.pause(failure.retryAfter)
            self.budget.pause(until: now.monotonic + pause)
            self.excuseStalled(by: pause)
            self.wait(rollout, until: now.monotonic + pause)
        case .forbidden, .invalid:
            guard !self.goesOnWithoutForeignVersion(rollout, now: now) else { return }
            self.finish(rollout.id, .failed, failure.cause, now: now)
        case .notFound where rollout.modelIsHint && context.call.creatingStep == .build:
            // The lane's model is gone: look for it by its name, or make it again.
            rollout.modelIsHint = false
            rollout.state.made.modelID = nil
            rollout.advance(to: .model, at: now)
            self.move(rollout.id, now: now)
        case .notFound where self.waitsForLag(rollout, now: now): break
        case .notFound:
            // Under a made object it is gone; where something is still being looked for, no retry would find it.
            self.finish(rollout.id, .failed, failure.cause, now: now)
        case .conflict:
            // A name that is taken: look again, it may be ours. What exists may be missing in lists up to `settle`.
            rollout.look = .owed
            if !rollout.hasMetConflict {
                rollout.hasMetConflict = true
                rollout.becomeUncertain(until: now.monotonic + self.policy.settle, now: now.monotonic)
            }
            self.retry(rollout, failure.cause, isReading: false, now: now)
        case .protocol:
            self.retry(rollout, failure.cause, isReading: !context.call.isCreating, now: now)
        }
    }

    /// Lets a rollout wait where the workbench may only not show yet what it has named itself (rule 14).
    ///
    /// - Returns: Whether it waits; else the time that lists and reads may lag is over.
    private mutating func waitsForLag(_ rollout: Rollout, now: Now) -> Bool {
        let since = rollout.missingSince ?? now.monotonic
        rollout.missingSince = since
        guard now.monotonic < since + self.policy.settle else { return false }
        rollout.suspicion = nil
        let pause = self.policy.retry.pollInterval(afterPolls: rollout.polls, using: &self.random)
        rollout.polls += 1
        self.wait(rollout, until: min(now.monotonic + pause, since + self.policy.settle))
        return true
    }

    /// How long the workbench wants to be left alone: what it asks for, but neither no time nor for ever.
    private static func pause(_ retryAfter: Span?) -> Span {
        min(max(retryAfter ?? .seconds(1), .milliseconds(100)), .seconds(600))
    }

    /// Counts a failure against the rollout, and tries again after a backoff, or gives up.
    mutating func retry(_ rollout: Rollout, _ cause: Cause, isReading: Bool, now: Now) {
        rollout.countFailure(isReading: isReading)
        rollout.suspicion = nil
        guard rollout.attempts < self.policy.retry.maximumAttempts else {
            let message = "\(cause.message) (\(rollout.attempts) attempts)"
            self.giveUp(rollout, Cause(cause.class, message, httpStatus: cause.httpStatus), now: now)
            return
        }
        let delay = self.policy.retry.backoff.jitteredDelay(afterFailures: rollout.attempts, using: &self.random)
        self.wait(rollout, until: now.monotonic + delay)
    }

    /// Ends a rollout that has tried enough.
    mutating func giveUp(_ rollout: Rollout, _ cause: Cause, now: Now) {
        guard !self.goesOnWithoutForeignVersion(rollout, now: now) else { return }
        // Its last call may have had an effect, or have one yet: a last look decides, one that fails, too, does not.
        if let certainAt = rollout.uncertainUntil,
            certainAt > now.monotonic || rollout.look == .owed && rollout.lastFailure == nil
        {
            rollout.lastFailure = rollout.lastFailure ?? cause
            self.wait(rollout, until: max(certainAt, now.monotonic))
            return
        }
        let cause = rollout.lastFailure ?? cause
        self.finish(rollout.id, .failed, cause, now: now)
    }

    /// Begins the step again without somebody else's version, where reading that has failed for good.
    ///
    /// - Returns: Whether it goes on so.
    private mutating func goesOnWithoutForeignVersion(_ rollout: Rollout, now: Now) -> Bool {
        guard rollout.forgetForeignVersion() else { return false }
        self.beginStepAgain(rollout, now: now)
        return true
    }

    // MARK: Outages

    /// Asks the workbench before any rollout needs it, so that a wrong address, certificate or key is told at once.
    package mutating func begin(now: Now) {
        guard self.outages[.workbench]?.suspect(Cause(.unavailable, "not asked yet")) == true else { return }
        self.sendProbe(of: .workbench, now: now)
    }

    /// A call failed as if its component were down: the rollout is parked until one probe has decided.
    private mutating func suspectOutage(
        of component: Component,
        _ cause: Cause,
        _ rollout: Rollout,
        now: Now
    ) {
        self.park(rollout, component: component, now: now)
        if self.outages[component]?.suspect(cause) == true { self.sendProbe(of: component, now: now) }
    }

    /// Holds a rollout until its component is back.
    mutating func park(_ rollout: Rollout, component: Component, now: Now) {
        rollout.activity = .parked(component)
        self.parked[component, default: []].append(rollout.id)
        if let cause = self.outages[component]?.cause { self.tellWaiting(rollout.id, cause, now: now) }
    }

    mutating func tellWaiting(_ id: RolloutID, _ cause: Cause, now: Now) {
        guard let rollout = self.rollouts[id], rollout.state.phase != .waiting else { return }
        rollout.state.enter(.waiting, at: now.wall, cause: cause)
        self.record(rollout.state, purpose: .note, publishes: true)
    }

    /// Sends the one probe of a component; it needs no slot that rollouts could wait for.
    private mutating func sendProbe(of component: Component, now: Now) {
        let number = self.nextNumber()
        self.outages[component]?.probeStarted()
        self.budget.takeForProbe()
        let probe = APICall.probe(component, projectID: component == .workbench ? self.probeProject : nil)
        self.calls[number] = CallContext(id: nil, call: probe, startedAt: now.monotonic)
        self.actions.append(.call(PlannedCall(number, reading: probe, partition: nil, rollout: nil)))
    }

    mutating func startDueProbes(now: Now) {
        for component in Component.allCases {
            guard let due = self.outages[component]?.nextProbe, due <= now.monotonic else { continue }
            self.sendProbe(of: component, now: now)
        }
    }

    mutating func probeSucceeded(_ component: Component, now: Now) {
        let verdict = self.outages[component]?.probeSucceeded(now: now)
        if case .cameBack = verdict {
            self.budget.rampUp()
            for rollout in self.stalledRollouts(of: component) { rollout.goOn(at: now.monotonic) }
            self.actions.append(.outage(component, nil))
        }
        let ids = self.parked[component] ?? []
        self.parked[component] = []
        for id in ids {
            guard let rollout = self.rollouts[id], rollout.activity == .parked(component) else { continue }
            // Where the component was up all along, it was this call that failed.
            if verdict == .falseAlarm, let suspicion = rollout.suspicion {
                rollout.suspicion = nil
                guard suspicion.cause.class != .notFound else {
                    // One that it goes by may be its own, and not shown yet: to register again would make a second one.
                    let isItsOwn = rollout.state.made.versionID != nil
                    if isItsOwn, self.waitsForLag(rollout, now: now) { continue }
                    guard !self.goesOnWithoutForeignVersion(rollout, now: now),
                        !self.waitsForLag(rollout, now: now)
                    else { continue }
                    self.finish(id, .failed, suspicion.cause, now: now)
                    continue
                }
                self.judge(rollout, suspicion, component, now: now)
            } else {
                rollout.suspicion = nil
                rollout.activity = .waiting
                self.move(id, now: now)
            }
        }
    }

    mutating func probeFailed(_ component: Component, _ failure: CallFailure, now: Now) {
        switch failure.kind {
        case .rateLimited:
            self.budget.pause(until: now.monotonic + Self.pause(failure.retryAfter))
            self.probeSucceeded(component, now: now)
        case .forbidden:
            // It answers, and a right that the probe lacks says nothing about the calls that rollouts make.
            self.probeSucceeded(component, now: now)
        case .unavailable, .unauthorized, .notFound, .conflict, .invalid, .serverError, .protocol, .inBetween,
            .withheld:
            self.isDown(component, failure.outageCause, now: now)
        }
    }

    private mutating func isDown(_ component: Component, _ cause: Cause, now: Now) {
        let failed = (self.outages[component]?.failedProbes ?? 0) + 1
        // Never below the base: full jitter alone may ask a dead server at once.
        let bound = self.policy.retry.backoff.jitteredDelay(afterFailures: failed, using: &self.random)
        let delay = max(bound, self.policy.retry.backoff.base)
        let verdict = self.outages[component]?.probeFailed(cause, now: now, delay: delay)
        guard verdict == .wentDown else { return }
        for rollout in self.stalledRollouts(of: component) { rollout.hold(since: now.monotonic) }
        self.actions.append(.outage(component, cause))
        for id in self.parked[component] ?? [] { self.tellWaiting(id, cause, now: now) }
    }

    /// Why the worker can't work now: components that are down, with their causes.
    package var outageCauses: [(component: Component, cause: Cause)] {
        Component.allCases.compactMap { component in
            self.outages[component]?.cause.map { (component, $0) }
        }
    }
}

extension CallFailure {
    /// Whether the workbench itself has refused: then calls of this kind get through, whoever's they are.
    fileprivate func showsThatCallsArrive(at component: Component) -> Bool {
        switch self.kind {
        case .forbidden, .invalid, .conflict: true
        // A workbench without a registry says the same of all that is below it.
        case .notFound: component != .registry
        case .unavailable, .unauthorized, .rateLimited, .serverError, .protocol, .inBetween, .withheld: false
        }
    }

    /// Why a component is down whose probe failed so: whatever it answered, there is nothing to mend in any rollout.
    var outageCause: Cause {
        let cause = self.cause
        return self.kind == .unauthorized
            ? cause : Cause(.unavailable, cause.message, httpStatus: cause.httpStatus)
    }
}

extension CauseClass {
    /// The class of a failure that looked like an outage and was none.
    var asServerError: CauseClass { self == .unavailable ? .serverError : self }
}

// SPDX-License-Identifier: Apache-2.0

package import Values

extension Coordinator {
    /// A call brought no result.
    package mutating func callFailed(_ call: CallID, _ failure: CallFailure, now: Now) {
        guard let context = self.calls.removeValue(forKey: call) else { return }
        self.budget.release()
        defer { self.wakeSharing(context.call, now: now) }
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
        if failure.kind != .withheld { self.lateIntents.wasInTime() }
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
            self.lateIntents.wasLate(now: now.monotonic)
            self.want(context.call, for: rollout, now: now)
        case .unavailable, .unauthorized, .serverError, .inBetween,
            .notFound where context.call.component == .registry:
            // A workbench without a registry answers 404 to everything below it, one whose parts are down 500. An owner's
            // first attempt registers without a look before it, so that its answer, too, may be the first to say so.
            rollout.hold(since: context.startedAt)
            rollout.suspicion = Rollout.Suspicion(
                call: context.call.name,
                component: context.call.component,
                cause: failure.cause,
                startedAt: context.startedAt,
                isReading: !context.call.isCreating,
                excused: excused
            )
            let component = failure.kind == .unauthorized ? .workbench : context.call.component
            self.suspectOutage(of: component, failure.cause, rollout, now: now)
        case .rateLimited:
            rollout.hold(since: context.startedAt)
            let pause = Self.pause(failure.retryAfter)
            self.budget.pause(until: now.monotonic + pause, now: now.monotonic)
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
        case .notFound where self.waitsForLag(rollout, startedAt: context.startedAt, now: now): break
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
    /// - Parameters:
    ///   - rollout: The rollout.
    ///   - startedAt: When the call began: its answer may be read much later than it was given.
    ///   - now: The moment.
    /// - Returns: Whether it waits; else the time that lists and reads may lag is over.
    mutating func waitsForLag(_ rollout: Rollout, startedAt: MonotonicTime, now: Now) -> Bool {
        let since = rollout.missingSince ?? now.monotonic
        rollout.missingSince = since
        guard startedAt < since + self.policy.settle else { return false }
        rollout.suspicion = nil
        let pause = self.policy.retry.pollInterval(afterPolls: rollout.polls, using: &self.random)
        rollout.polls += 1
        self.wait(rollout, until: min(now.monotonic + pause, max(now.monotonic, since + self.policy.settle)))
        return true
    }

    /// How long the workbench wants to be left alone: what it asks for, but neither no time nor for ever.
    static func pause(_ retryAfter: Span?) -> Span {
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
        self.finish(rollout.id, cause.phaseOfEnd, cause, now: now)
    }

    /// Begins the step again without somebody else's version, where reading that has failed for good.
    ///
    /// - Returns: Whether it goes on so.
    mutating func goesOnWithoutForeignVersion(_ rollout: Rollout, now: Now) -> Bool {
        guard rollout.forgetForeignVersion() else { return false }
        self.beginStepAgain(rollout, now: now)
        return true
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
}

extension CauseClass {
    /// The class of a failure that looked like an outage and was none.
    var asServerError: CauseClass { self == .unavailable ? .serverError : self }
}

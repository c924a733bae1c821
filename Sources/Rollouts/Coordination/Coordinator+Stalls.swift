// SPDX-License-Identifier: Apache-2.0

import Values

/// Rule 13: a failure is judged by comparison.
///
/// A call that fails while its component answers may fail for its rollout's own sake, or for everybody's: a part of the
/// workbench is down, or somebody in between refuses. Only what has gone well for another model meanwhile tells.
extension Coordinator {
    /// Judges a call that failed though its component is up.
    mutating func judge(_ rollout: Rollout, _ suspicion: Rollout.Suspicion, _ component: Component, now: Now) {
        let (name, cause) = (suspicion.call, suspicion.cause)
        let last = rollout.trial.flatMap { $0.call == name && !$0.isFirst ? $0.at : nil }
        // The component has answered: the time is the step's own.
        rollout.heldSince = nil
        guard
            self.successes[name]?.hasAnother(than: self.subject(of: rollout), since: last ?? suspicion.startedAt)
                != true
        else {
            rollout.trial = Rollout.Trial(call: name, at: suspicion.startedAt)
            self.retry(
                rollout,
                Cause(cause.class.asServerError, cause.message, httpStatus: cause.httpStatus),
                isReading: suspicion.isReading,
                now: now
            )
            return
        }
        // Once for a series: else a call that fails for ever would put its step's end off for ever.
        if last != nil { rollout.excuse(Span(nanoseconds: -suspicion.excused.nanoseconds)) }
        rollout.trial = Rollout.Trial(call: name, at: suspicion.startedAt)
        rollout.waitCause = cause
        guard !rollout.isPastDeadline(now.monotonic) else {
            self.endStalled(rollout, now: now)
            return
        }
        self.stall(rollout, suspicion, component, now: now)
    }

    private mutating func stall(
        _ rollout: Rollout,
        _ suspicion: Rollout.Suspicion,
        _ component: Component,
        now: Now
    ) {
        let (name, cause) = (suspicion.call, suspicion.cause)
        var stall =
            self.stalls[name]
            ?? Stall(of: component, since: now.monotonic, until: now.monotonic + self.pause(afterFailures: 1))
        // Rule 6: what may have had an effect is looked for at once. Only who wants to create again waits for the others.
        let looksFirst = !suspicion.isReading && rollout.look == .owed
        let next = now.monotonic + self.pause(afterFailures: stall.failures)
        stall.failed(rollout.id, self.subject(of: rollout), next: next, waits: !looksFirst)
        self.stalls[name] = stall
        self.stalled[name] = cause
        self.noteStalled(rollout, now: now)
        if looksFirst {
            self.wait(rollout, until: now.monotonic + self.pause(afterFailures: 1))
        } else {
            rollout.activity = .stalled(name)
        }
    }

    /// Whether a rollout may make a call now; where others fail with the same one, it waits for a canary.
    mutating func mayTry(_ call: APICall, for rollout: Rollout, now: Now) -> Bool {
        guard !self.stalls.isEmpty, var stall = self.stalls[call.name] else { return true }
        if let trial = rollout.trial, trial.call == call.name, trial.isCanary { return true }
        defer { self.stalls[call.name] = stall }
        let until = now.monotonic + self.policy.requestTimeout + self.pause(afterFailures: stall.failures)
        if stall.arrived(rollout.id, self.subject(of: rollout), until: until) {
            rollout.trial = Rollout.Trial(call: call.name, at: now.monotonic, isCanary: true, isFirst: true)
            return true
        }
        let cause = self.stalled[call.name] ?? Cause(.unavailable, "\(call.name) fails for others, too")
        rollout.waitCause = cause
        rollout.goOn(at: now.monotonic)
        rollout.activity = .stalled(call.name)
        self.noteStalled(rollout, now: now)
        return false
    }

    /// A call has succeeded: what waited for such a success goes on.
    mutating func noteSuccess(of call: APICall, for rollout: Rollout, now: Now) {
        let subject = self.subject(of: rollout)
        if self.successes[call.name]?.note(subject, at: now.monotonic) == nil {
            self.successes[call.name] = Successes(subject, at: now.monotonic)
        }
        if rollout.trial?.call == call.name {
            rollout.trial = nil
            rollout.waitCause = nil
            rollout.stalledSince = nil
        }
        self.endStall(of: call, now: now)
    }

    /// A call got through: whoever waited for that goes on.
    mutating func endStall(of call: APICall, now: Now) {
        guard !self.stalls.isEmpty, let stall = self.stalls.removeValue(forKey: call.name) else { return }
        self.stalled[call.name] = nil
        // Not everybody at once.
        if stall.waiting.count > 8 { self.budget.rampUp() }
        for id in stall.waiting {
            guard let waiting = self.rollouts[id], waiting.activity == .stalled(call.name) else { continue }
            waiting.activity = .waiting
            waiting.stalledSince = nil
            self.move(id, now: now)
        }
    }

    /// Sends the canaries that are due, and ends what has no time left.
    mutating func startDueCanaries(now: Now) {
        for (name, stall) in self.stalls.sorted(by: { $0.key < $1.key }) where stall.nextAt <= now.monotonic {
            guard self.outage(before: stall.component) == nil else {
                self.stalls[name]?.postpone(until: now.monotonic + self.policy.retry.backoff.base)
                continue
            }
            for id in stall.waiting {
                guard let rollout = self.rollouts[id], rollout.activity == .stalled(name),
                    rollout.isPastDeadline(now.monotonic)
                else { continue }
                self.endStalled(rollout, now: now)
            }
            self.sendCanary(of: name, now: now)
        }
    }

    /// Canaries of partitions that are being handed over are heard of only where their calls are under way.
    mutating func giveUpHeldBackCanaries() {
        for (name, var stall) in self.stalls {
            stall.giveUpCanary { id in
                guard let rollout = self.rollouts[id], self.isHeldBack(rollout.state.partition) else { return false }
                if case .calling = rollout.activity { return false }
                return true
            }
            self.stalls[name] = stall
        }
    }

    private mutating func sendCanary(of name: String, now: Now) {
        guard var stall = self.stalls[name] else { return }
        let until = now.monotonic + self.policy.requestTimeout + self.pause(afterFailures: stall.failures)
        let canary = stall.nextCanary(
            until: until,
            subject: { id in
                guard let rollout = self.rollouts[id], rollout.activity == .stalled(name) else { return nil }
                return self.subject(of: rollout)
            },
            mayGo: { id in self.rollouts[id].map { !self.isHeldBack($0.state.partition) } ?? false }
        )
        guard let canary, let rollout = self.rollouts[canary] else {
            guard stall.waiting.isEmpty else {
                // All of partitions that are being handed over: they are dropped, or others come.
                stall.postpone(until: now.monotonic + self.policy.retry.backoff.base)
                self.stalls[name] = stall
                return
            }
            // Nobody waits any more: who comes next finds out anew.
            self.stalls[name] = nil
            self.stalled[name] = nil
            return
        }
        self.stalls[name] = stall
        let earlier = rollout.trial.flatMap { $0.call == name && !$0.isFirst ? $0.at : nil }
        rollout.trial = Rollout.Trial(
            call: name,
            at: earlier ?? now.monotonic,
            isCanary: true,
            isFirst: earlier == nil
        )
        rollout.activity = .waiting
        self.move(canary, now: now)
    }

    /// How long a rollout waits for a canary before it says so: most stalls are over sooner, and ten thousand rollouts that
    /// wait for a second would write twenty thousand statuses.
    static let stallPatience = Span.seconds(10)

    private mutating func noteStalled(_ rollout: Rollout, now: Now) {
        let since = rollout.stalledSince ?? now.monotonic
        rollout.stalledSince = since
        self.untoldStalls.insert(rollout.id, at: since + Self.stallPatience)
    }

    /// Tells of those that have waited for a canary for longer than a moment.
    mutating func tellDueStalls(now: Now) {
        while let id = self.untoldStalls.popDue(now: now.monotonic) {
            // One that went on meanwhile, and waits anew, has another entry.
            guard let rollout = self.rollouts[id], case .stalled = rollout.activity, let cause = rollout.waitCause,
                let since = rollout.stalledSince, since + Self.stallPatience <= now.monotonic
            else { continue }
            self.tellWaiting(id, Cause(.unavailable, cause.message, httpStatus: cause.httpStatus), now: now)
        }
    }

    /// Rollouts that wait for somebody's success with one of some components.
    func stalledRollouts(where isMeant: (Component) -> Bool) -> [Rollout] {
        self.stalls.sorted { $0.key < $1.key }.flatMap { name, stall -> [Rollout] in
            guard isMeant(stall.component) else { return [] }
            return stall.waiting.compactMap { self.rollouts[$0] }.filter { $0.activity == .stalled(name) }
        }
    }

    /// The workbench asks to be left alone: nobody can try meanwhile.
    func excuseStalled(by span: Span) {
        for rollout in self.stalledRollouts(where: { _ in true }) { rollout.excuse(span) }
    }

    /// Its step's time is up, and it still can't be said whose fault it is.
    private mutating func endStalled(_ rollout: Rollout, now: Now) {
        let cause = rollout.waitCause ?? self.deadlinePassed(rollout)
        let message = "\(cause.message) (for \(rollout.allowedMilliseconds / 1_000) s)"
        rollout.activity = .waiting
        self.giveUp(rollout, Cause(cause.class, message, httpStatus: cause.httpStatus), now: now)
    }

    private mutating func pause(afterFailures count: Int) -> Span {
        let backoff = self.policy.retry.backoff
        return max(backoff.jitteredDelay(afterFailures: count, using: &self.random), backoff.base)
    }

    func subject(of rollout: Rollout) -> Subject { rollout.laneKey.map { .model($0) } ?? .rollout(rollout.id) }
}

// SPDX-License-Identifier: Apache-2.0

package import Values

/// Whether the parts of the workbench are up, each by itself.
///
/// A failed call only raises a suspicion; the probe of its component decides, and no rollout's time runs meanwhile.
extension Coordinator {
    /// Asks the workbench before any rollout needs it, so that a wrong address, certificate or key is told at once.
    package mutating func begin(now: Now) {
        guard self.outages[.workbench]?.suspect(Cause(.unavailable, "not asked yet")) == true else { return }
        self.sendProbe(of: .workbench, now: now)
        if self.policy.checksModels { self.learnModelService(now: now) }
    }

    /// What must be up for a component and is not; `nil` where calls can be made.
    func outage(before component: Component) -> Component? {
        if component.isBehindWorkbench, self.outages[.workbench]?.allowsCalls != true { return .workbench }
        return self.outages[component]?.allowsCalls == true ? nil : component
    }

    /// What must be up for a rollout's call and is not; `nil` where it can be made.
    func outage(before call: APICall, of rollout: Rollout) -> Component? {
        var outage = self.outage(before: call.component)
        if outage == nil, call.needsModelService { outage = self.outage(before: .modelService) }
        return outage.flatMap { self.triers[$0] == rollout.id ? nil : $0 }
    }

    /// A call failed as if its component were down: the rollout is parked until one probe has decided.
    mutating func suspectOutage(of component: Component, _ cause: Cause, _ rollout: Rollout, now: Now) {
        // Nothing can be said of what lies behind a door that is shut.
        let shut = component.isBehindWorkbench && self.outages[.workbench]?.allowsCalls != true
        let component = shut ? .workbench : component
        if self.triers[component] == rollout.id { self.triers[component] = nil }
        self.park(rollout, component: component, now: now)
        guard self.outages[component]?.suspect(cause) == true else { return }
        let call = rollout.suspicion?.call ?? (component == .modelService ? "verify" : nil)
        self.probing.suspect(component, self.subject(of: rollout), call: call, ProbePlace(rollout))
        self.sendProbe(of: component, now: now)
    }

    /// A sweep's call failed as if its component were down: one probe decides.
    mutating func suspectOutage(of component: Component, _ cause: Cause, bySweepOf state: RolloutState, now: Now) {
        guard self.outages[component]?.suspect(cause) == true else { return }
        let subject = state.laneKey.map { Subject.model($0) } ?? .rollout(state.id)
        self.probing.suspect(component, subject, call: nil, ProbePlace(state))
        self.sendProbe(of: component, now: now)
    }

    /// Holds a rollout until its component is back.
    mutating func park(_ rollout: Rollout, component: Component, now: Now) {
        rollout.activity = .parked(component)
        self.parked[component, default: []].append(rollout.id)
        if let cause = self.outages[component]?.cause { self.tellWaiting(rollout.id, cause, now: now) }
    }

    /// Says of a rollout that it waits, and for what.
    ///
    /// One outage after another is one wait. What waits by a decision of its own is another one, and is treated as one.
    mutating func tellWaiting(_ id: RolloutID, _ cause: Cause, now: Now) {
        guard let rollout = self.rollouts[id] else { return }
        if rollout.state.phase == .waiting {
            let known = rollout.state.cause?.class
            guard known != cause.class, known?.isOwnDecision != false || cause.class.isOwnDecision else { return }
        }
        rollout.state.enter(.waiting, at: now.wall, cause: cause)
        self.record(rollout.state, purpose: .note, publishes: true)
    }

    /// Sends the one probe of a component; it needs no slot that rollouts could wait for.
    private mutating func sendProbe(of component: Component, now: Now) {
        let number = self.nextNumber()
        let round = self.outages[component]?.failedProbes ?? 0
        self.outages[component]?.probeStarted()
        self.budget.takeForProbe()
        let probe = APICall.probe(component, self.probing.place(for: component, round: round))
        self.calls[number] = CallContext(id: nil, call: probe, startedAt: now.monotonic)
        self.actions.append(.call(PlannedCall(number, reading: probe, partition: nil, rollout: nil)))
    }

    mutating func startDueProbes(now: Now) {
        // Nearly always nothing is down: looked at without looking each component up.
        guard self.outages.values.contains(where: { $0.nextProbe != nil }) else { return }
        for component in Component.allCases {
            guard let due = self.outages[component]?.nextProbe, due <= now.monotonic else { continue }
            self.sendProbe(of: component, now: now)
            self.letOneTry(component, now: now)
        }
    }

    /// Lets one rollout of another model try a component whose probe fails, another one each time (rule 13).
    ///
    /// The probe may have asked for what fails for one model alone; then the same call succeeds for another.
    private mutating func letOneTry(_ component: Component, now: Now) {
        guard component != .workbench, self.outage(before: component) != .workbench else { return }
        let suspect = self.probing.subject(of: component)
        let index = self.parked[component]?.firstIndex { id in
            guard let rollout = self.rollouts[id], rollout.activity == .parked(component) else { return false }
            return self.subject(of: rollout) != suspect && !self.isHeldBack(rollout.state.partition)
        }
        guard let index, let id = self.parked[component]?.remove(at: index), let rollout = self.rollouts[id] else {
            return
        }
        self.triers[component] = id
        rollout.suspicion = nil
        rollout.activity = .waiting
        self.move(id, now: now)
    }

    /// A call was answered: where it is the one that has failed for another model, its component is up after all.
    mutating func noteTry(of call: APICall, by rollout: Rollout, now: Now) {
        for (component, id) in self.triers where id == rollout.id && self.probing.call(of: component) == call.name {
            self.triers[component] = nil
            self.isBack(component, showing: call.name, now: now)
        }
    }

    mutating func probeSucceeded(_ component: Component, now: Now) { self.isBack(component, showing: nil, now: now) }

    /// A component is up, as its probe shows, or a call that has succeeded for another model than the one it failed for.
    private mutating func isBack(_ component: Component, showing call: String?, now: Now) {
        let verdict = self.outages[component]?.probeSucceeded(now: now)
        self.triers[component] = nil
        if case .cameBack = verdict {
            self.budget.rampUp()
            for rollout in self.stalledRollouts(where: { component.isNeeded(by: $0) && self.outage(before: $0) == nil })
            {
                rollout.goOn(at: now.monotonic)
            }
            self.actions.append(.outage(component, nil))
        }
        for id in self.takeParked(at: component) {
            guard let rollout = self.rollouts[id] else { continue }
            if verdict == .falseAlarm, component == .modelService {
                // It answers, but not for this model: that is for its check to say, in the step's own time.
                rollout.heldSince = nil
                self.poll(rollout, wasCreating: false, now: now)
            } else if let suspicion = rollout.suspicion, verdict == .falseAlarm || suspicion.call == call {
                // While the component was down, no time of the step's passed.
                if verdict != .falseAlarm { rollout.goOn(at: now.monotonic) }
                self.answersOthers(rollout, suspicion, component, now: now)
            } else {
                rollout.suspicion = nil
                rollout.activity = .waiting
                self.move(id, now: now)
            }
        }
    }

    /// Rollouts that wait for a component, which they do no longer.
    private mutating func takeParked(at component: Component) -> [RolloutID] {
        let ids = self.parked[component] ?? []
        self.parked[component] = []
        return ids.filter { self.rollouts[$0]?.activity == .parked(component) }
    }

    /// The component was up all along: it was this call that failed.
    private mutating func answersOthers(
        _ rollout: Rollout,
        _ suspicion: Rollout.Suspicion,
        _ component: Component,
        now: Now
    ) {
        guard component != .workbench || suspicion.component == .workbench else {
            // The way in is open, and the key is good: it may be the part behind it that refuses.
            self.suspectOutage(of: suspicion.component, suspicion.cause, rollout, now: now)
            return
        }
        rollout.suspicion = nil
        guard suspicion.cause.class == .notFound else {
            self.judge(rollout, suspicion, suspicion.component, now: now)
            return
        }
        // One that it goes by may be its own, and not shown yet: to register again would make a second one.
        let isItsOwn = rollout.state.made.versionID != nil
        if isItsOwn, self.waitsForLag(rollout, startedAt: suspicion.startedAt, now: now) { return }
        guard !self.goesOnWithoutForeignVersion(rollout, now: now),
            !self.waitsForLag(rollout, startedAt: suspicion.startedAt, now: now)
        else { return }
        self.finish(rollout.id, .failed, suspicion.cause, now: now)
    }

    /// The model service is asked how it answers a probe, so that an outage is known by that later.
    mutating func learnModelService(now: Now) {
        if self.probing.wantsLesson(now: now.monotonic) { self.sendProbe(of: .modelService, now: now) }
    }

    mutating func probeFailed(_ component: Component, _ failure: CallFailure, now: Now) {
        guard component != .modelService || self.probing.knowsModelService || failure.isByNobody else {
            self.probeSucceeded(component, now: now)
            return
        }
        // Of a component that was found up meanwhile.
        guard component == .modelService || self.outages[component]?.allowsCalls == false else { return }
        switch failure.kind {
        case .rateLimited where component == .modelService: self.probeSucceeded(component, now: now)
        case .rateLimited:
            self.budget.pause(until: now.monotonic + Self.pause(failure.retryAfter), now: now.monotonic)
            self.probeSucceeded(component, now: now)
        case .forbidden:
            // It answers, and a right that the probe lacks says nothing about the calls that rollouts make.
            self.probeSucceeded(component, now: now)
        case .unavailable, .unauthorized, .notFound, .conflict, .invalid, .serverError, .protocol, .inBetween,
            .withheld:
            if failure.failedAt == .workbench, component != .workbench {
                self.isShut(before: component, failure.outageCause, now: now)
            } else {
                self.isDown(component, failure.outageCause, now: now)
            }
        }
    }

    /// A component's probe has not got past the door: that is what is down, and nothing is known of the component.
    private mutating func isShut(before component: Component, _ cause: Cause, now: Now) {
        self.isDown(.workbench, cause, now: now)
        guard self.outages[component]?.cause == nil else {
            self.isDown(component, cause, now: now)
            return
        }
        _ = self.outages[component]?.probeSucceeded(now: now)
        for id in self.takeParked(at: component) {
            guard let rollout = self.rollouts[id] else { continue }
            self.park(rollout, component: .workbench, now: now)
        }
    }

    private mutating func isDown(_ component: Component, _ cause: Cause, now: Now) {
        let failed = (self.outages[component]?.failedProbes ?? 0) + 1
        // Never below the base: full jitter alone may ask a dead server at once.
        let bound = self.policy.retry.backoff.jitteredDelay(afterFailures: failed, using: &self.random)
        let delay = max(bound, self.policy.retry.backoff.base)
        let verdict = self.outages[component]?.probeFailed(cause, now: now, delay: delay)
        guard verdict == .wentDown else { return }
        for rollout in self.stalledRollouts(where: component.isNeeded) { rollout.hold(since: now.monotonic) }
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
    /// Why a component is down whose probe failed so: whatever it answered, there is nothing to mend in any rollout.
    fileprivate var outageCause: Cause {
        let cause = self.cause
        return self.kind == .unauthorized
            ? cause : Cause(.unavailable, cause.message, httpStatus: cause.httpStatus)
    }

    /// Whether nobody has answered at all.
    fileprivate var isByNobody: Bool { self.kind == .unavailable && self.httpStatus == nil }
}

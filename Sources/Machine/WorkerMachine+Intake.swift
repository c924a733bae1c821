// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// What becomes of each record that was read: the lease is asked for once, here, and travels on whole.
extension WorkerMachine {
    mutating func accept(_ entries: [IntakeEntry], _ lease: Lease, now: Now) {
        guard self.ownership.accepts(lease) else { return }
        guard !self.gate.holds(lease) else {
            self.gate.add(entries[...], lease)
            return
        }
        var claims = 0
        // Looked at where they lie: an entry has some thirty texts, and a copy counts a reference to each.
        let span = entries.span
        for index in span.indices {
            if let hold = self.hold(on: span[index], lease, now: now) {
                self.gate.hold(entries[index...], lease, hold)
                self.group(.pause([lease]))
                break
            }
            if span[index].claimsAuthority { claims += 1 }
            self.take(span[index], lease, now: now)
        }
        if claims > 0 { self.note(claims: claims, lease) }
    }

    /// Takes one record over, whatever it means.
    private mutating func take(_ entry: borrowing IntakeEntry, _ lease: Lease, now: Now) {
        let taken = TransactionEntry.Taken(lease, next: entry.next)
        switch entry.decision {
        case .dead(let reason): self.putAside(entry.event, reason, taken, now: now)
        case .rollout(let state):
            self.received(state, by: lease, now: now)
            self.accept(state, entry.event, taken, now: now)
        case .moved(let state): self.moveIn(state, entry.event, taken, now: now)
        case .room(let notice):
            self.room.heard(notice, now: now.monotonic)
            self.planner.append(TransactionEntry(.position, taken: taken))
        case .barrier: self.planner.append(TransactionEntry(.position, taken: taken))
        }
    }

    /// Accepts what was held back and has room now: a record of each partition in turn, until none has.
    mutating func acceptWhatWaited(now: Now) {
        self.gate.drop { !self.ownership.accepts($0) }
        self.room.forgetOld(now: now.monotonic)
        guard self.stopBy == nil, !self.isIntakePaused else { return }
        var wasAnyTaken = true
        while wasAnyTaken {
            wasAnyTaken = false
            for lease in self.gate.turns {
                guard let entry = self.gate.first(of: lease) else { continue }
                if let hold = self.hold(on: entry, lease, now: now) {
                    self.gate.goOnWaiting(lease, hold)
                    continue
                }
                self.gate.take(lease)
                if entry.claimsAuthority { self.note(claims: 1, lease) }
                self.take(entry, lease, now: now)
                if !self.gate.holds(lease) { self.group(.resume([lease])) }
                wasAnyTaken = true
            }
        }
    }

    /// Rule 20: it means nothing, and is seen.
    private mutating func note(claims: Int, _ lease: Lease) {
        guard case .events(let index) = lease.subject.topic, self.settings.ownership.eventTopics.indices.contains(index)
        else { return }
        let topic = self.settings.ownership.eventTopics[index]
        let isFirst = self.toldClaims.insert(index).inserted
        self.turn.reports.append(.authorityClaimed(topic: topic, count: claims, isFirst: isFirst))
    }

    private mutating func putAside(
        _ record: OriginalRecord,
        _ reason: DeadLetterReason,
        _ taken: TransactionEntry.Taken,
        now: Now
    ) {
        let limit = self.settings.planner.maximumDeadBytes
        self.planner.append(TransactionEntry(.dead(record, reason, at: now.wall, maximumBytes: limit), taken: taken))
    }

    /// Accepts an event whose owner we are, and passes every other one on.
    private mutating func accept(
        _ state: RolloutState,
        _ record: OriginalRecord,
        _ taken: TransactionEntry.Taken,
        now: Now
    ) {
        guard let owner = self.ownership.owner(of: state.partition) else {
            self.forward(state, record, taken, now: now)
            return
        }
        guard !self.rollouts.isKnown(state.id, partition: state.partition) else {
            if self.rollouts.isFailedAndAskedForAgain(state.id, partition: state.partition) {
                self.turn.reports.append(.failedBefore(state))
            }
            self.planner.append(TransactionEntry(.repeated(count: 1), taken: taken))
            return
        }
        var state = state
        self.rollouts.date(&state, now: now.wall)
        if !state.phase.isTerminal { self.rollouts.drawNonce(of: &state) }
        // Before the rollout decides anything: whatever it writes later stands behind.
        self.planner.append(TransactionEntry(.accepted(state, of: record), writer: owner, taken: taken))
        self.firstCalls.accepted(state)
        self.note(state)
        self.rollouts.accept(state, now: now)
    }

    private mutating func forward(
        _ state: RolloutState,
        _ record: OriginalRecord,
        _ taken: TransactionEntry.Taken,
        now: Now
    ) {
        let limit = self.settings.planner.maximumDeadBytes
        guard record.hops < Forwarding.maximumHops else {
            // Two workers whose routes name the model differently would pass it on for ever.
            let reason = DeadLetterReason(
                .notForwardable,
                "it was passed on \(Forwarding.maximumHops) times: workers have different routes files"
            )
            self.putAside(record, reason, taken, now: now)
            return
        }
        self.passedOn(state, from: taken.lease, now: now)
        let event = ForwardedEvent(record: record, id: state.id, owner: state.partition, time: now.wall)
        self.planner.append(TransactionEntry(.forwarded(event, maximumDeadBytes: limit), taken: taken))
    }

    /// Goes on with a rollout that moved here, once.
    private mutating func moveIn(
        _ state: RolloutState,
        _ record: OriginalRecord,
        _ taken: TransactionEntry.Taken,
        now: Now
    ) {
        guard let owner = self.ownership.owner(of: state.partition), owner == taken.lease,
            self.rollouts.canMoveIn(state)
        else {
            self.planner.append(TransactionEntry(.repeated(count: 1), taken: taken))
            return
        }
        self.planner.append(TransactionEntry(.movedIn(state), writer: owner, taken: taken))
        self.rollouts.moveIn(state, now: now)
        self.countPhases()
    }

    /// Tells a rollout's new phase.
    mutating func note(_ state: RolloutState) {
        if state.phase.isTerminal { self.firstCalls.ended(state.id) }
        self.phases.note(state)
        self.turn.reports.append(.phase(state))
    }
}

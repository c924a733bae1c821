// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// What becomes of each record that was read: the lease is asked for once, here, and travels on whole.
extension WorkerMachine {
    mutating func accept(_ entries: [IntakeEntry], _ lease: Lease, now: Now) {
        guard self.ownership.accepts(lease) else { return }
        for entry in entries {
            let taken = TransactionEntry.Taken(lease, next: entry.next)
            switch entry.decision {
            case .dead(let reason): self.putAside(entry.event, reason, taken, now: now)
            case .rollout(let state): self.accept(state, entry.event, taken, now: now)
            case .moved(let state): self.moveIn(state, entry.event, taken, now: now)
            }
        }
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
            self.planner.append(TransactionEntry(.repeated(count: 1), taken: taken))
            return
        }
        var state = state
        self.rollouts.date(&state)
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

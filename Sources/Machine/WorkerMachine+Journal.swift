// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// What the journal's clients say: partitions that were read, and transactions that have ended.
extension WorkerMachine {
    mutating func take(_ fact: JournalFact, now: Now) {
        switch fact {
        case .restored(let lease, let result): self.restored(lease, result, now: now)
        case .heldBack(let lease, let offset): self.ownership.heldBack(lease, at: offset)
        case .topicStarts(let result): self.orders(self.ownership.foundStarts(result, now: now))
        case .commitEnded(let id, let outcome): self.ended(id, outcome, now: now)
        case .producerReady: self.planner.producerReady()
        case .producerFailed(let failure): self.end(WorkerFailure(.kafka, failure.message))
        }
    }

    private mutating func restored(_ lease: Lease, _ result: Result<RestoreFacts, PortFailure>, now: Now) {
        if case .failure(let failure) = result, self.ownership.isPreparing(lease) {
            self.turn.reports.append(.notReady(lease.subject, failure))
        }
        switch self.ownership.restored(lease, result, now: now) {
        case .stale: break
        case .again(let orders): self.orders(orders)
        case .parked(let failure): self.turn.reports.append(.notReady(lease.subject, failure))
        case .renewing(let lease): self.renewing(lease)
        case .refused(let problem): self.end(WorkerFailure(.journalUnreadable, problem))
        case .begin(let lease, let facts, let position, let start):
            // Fixes where a new group begins, and warms the producer up: its first transaction can take a second.
            self.planner.append(
                TransactionEntry(
                    start.map { .start($0) } ?? .position,
                    writer: lease,
                    taken: .init(lease, next: position)
                )
            )
            let unfinished = facts.restored.unfinished.count
            self.rollouts.restore(partition: lease.partition, facts.restored, now: now)
            self.countPhases()
            let since = (facts.start ?? start)?.commandsSince
            self.commands.gained(lease.partition, at: facts.commands, since: since, done: facts.doneCommands)
            let findings = facts.restored.findings
            if findings != JournalFindings() { self.turn.reports.append(.journalFindings(lease.partition, findings)) }
            self.read(lease, from: position, journalRecords: facts.recordCount, unfinished: unfinished, now: now)
        }
    }

    /// A journal record that could not be read has been healed: what is under way ends, then the partition begins anew.
    private mutating func renewing(_ lease: Lease) {
        self.turn.reports.append(.renewing(lease.subject))
        self.group(.pause([lease]))
        self.rollouts.leave([lease.partition])
        self.cancelUnstarted { $0 == lease }
    }

    private mutating func ended(_ id: TransactionID, _ outcome: CommitOutcome, now: Now) {
        let began = self.planner.committingSince
        let events = self.planner.ended(id, outcome, self.ownership, now: now)
        let took = began.map { now.monotonic - $0 } ?? .zero
        for event in events { self.take(event, outcome, took: took, now: now) }
    }

    private mutating func take(
        _ event: TransactionPlanner.Event,
        _ outcome: CommitOutcome,
        took: Span,
        now: Now
    ) {
        switch event {
        case .committed(let transaction):
            self.health.topicTakesNothing = false
            // It has committed offsets for the group, which needs what the consumer needs.
            self.health.consumer = nil
            self.tell(.committed(transaction), took)
            self.committed(transaction, now: now)
        case .refused(let ticket, let cause):
            self.rollouts.recordRefused(ticket, cause, now: now)
        case .abandoned(let id):
            self.rollouts.abandon(id, now: now)
            self.countPhases()
        case .failed(let failure, let failures): self.tell(.aborted(failure, failures: failures), took)
        case .fenced(let failure): self.tell(.fenced(failure), took)
        case .blamed(let count, let failure): self.tell(.blamed(count, failure), took)
        case .letterRefused(let origin, let reason, let failure):
            self.turn.reports.append(.letterRefused(origin, reason, failure))
        case .topicTakesNothing(let failures):
            self.health.topicTakesNothing = true
            self.turn.reports.append(.topicTakesNothing(failures: failures))
        case .startOver(let failure):
            if case .unknown = outcome { self.tell(.unknown(failure), took) } else { self.tell(.fatal(failure), took) }
            self.startOver(failure, now: now)
        }
    }

    private mutating func tell(_ outcome: TransactionReport.Outcome, _ took: Span) {
        self.turn.reports.append(.transaction(TransactionReport(outcome: outcome, took: took)))
    }

    private mutating func committed(_ transaction: CommittedTransaction, now: Now) {
        for (lease, offset) in transaction.offsets { self.ownership.advance(lease, to: offset) }
        for entry in transaction.entries {
            switch entry.content {
            case .step(let record):
                self.rollouts.recorded(record.ticket, intent: transaction.intent(of: entry), now: now)
            case .movedOut(let move): self.rollouts.recorded(move.ticket, intent: nil, now: now)
            case .forgotten(let forgetting): self.rollouts.recorded(forgetting.ticket, intent: nil, now: now)
            case .start(let start): self.orders(self.ownership.startRecorded(start, now: now))
            case .accepted, .movedIn, .dead, .forwarded, .command, .commandsRead, .commandsForgotten, .room, .position,
                .repeated:
                break
            }
        }
    }

    /// Rule 7: nothing is sent again from memory; every partition is read from its journal.
    private mutating func startOver(_ failure: PortFailure, now: Now) {
        self.turn.reports.append(.startedOver(failure))
        let held = self.ownership.held
        // What is read under the old leases is not accepted; it must not fill up what waits to be taken, either.
        if !held.isEmpty { self.group(.pause(held)) }
        for partition in self.ownership.partitions.keys where partition.isInbox {
            self.rollouts.release(partition: partition.partition)
            self.commands.lost(partition.partition)
        }
        self.cancelUnstarted { _ in true }
        let orders = self.ownership.startOver()
        for partition in self.ownership.preparing { self.preparingSince[partition] = now.monotonic }
        self.firstCalls.partitionsReleased()
        self.countPhases()
        self.orders(orders)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// What the consumer group says: partitions that come and go, and the records that were read.
extension WorkerMachine {
    mutating func take(_ fact: GroupFact, now: Now) {
        switch fact {
        case .assigned(let partitions, let membership):
            self.health.consumer = nil
            self.gained(self.loseAsAnotherMember(membership) + partitions, membership, now: now)
        case .membershipChanged(let membership):
            self.gained(self.loseAsAnotherMember(membership), membership, now: now)
        case .revoking(let partitions, let id):
            self.revoking(partitions, id, now: now)
        case .lost(let partitions):
            self.lose(partitions)
        case .records(let lease, let entries):
            self.accept(entries, lease, now: now)
        case .located(let lease, let result):
            self.located(lease, result, now: now)
        case .offsetOutOfRange(let partition, let offset):
            self.turn.reports.append(.offsetOutOfRange(partition, offset))
        case .ends(let ends):
            self.turn.reports.append(.lag(self.lag.behind(ends, self.ownership)))
            self.lookForStanding(ends, now: now)
        case .failed(let failure):
            self.consumerFailed(failure)
        }
    }

    private mutating func lookForStanding(_ ends: [ReadPartition: ReadProgress], now: Now) {
        let before = self.standing.standing.map(\.partition)
        let isPaused = self.isIntakePaused || self.stopBy != nil
        self.standing.look(ends, self.ownership, isPaused: isPaused, now: now.monotonic)
        self.health.reading = self.standing.cause(eventTopics: self.settings.ownership.eventTopics)
        guard self.standing.standing.map(\.partition) != before else { return }
        self.turn.reports.append(.standing(self.standing.standing))
    }

    private mutating func consumerFailed(_ failure: PortFailure) {
        switch failure.kind {
        case .fatal, .authentication: self.end(WorkerFailure(.kafka, failure.message))
        case .denied: self.health.consumer = failure
        case .outage, .unreadable, .tooLarge, .invalidRecord, .invalidTime, .closed: break
        }
        self.turn.reports.append(.consumerFailed(failure))
    }

    // MARK: Partitions that come

    private mutating func gained(_ partitions: [ReadPartition], _ membership: GroupMembership, now: Now) {
        self.ownership.joined(membership)
        guard !partitions.isEmpty else { return }
        self.turn.reports.append(.assigned(partitions))
        for partition in partitions { self.preparingSince[partition] = now.monotonic }
        self.orders(self.ownership.assigned(partitions, now: now.monotonic))
    }

    /// Loses everything where the group knows this worker by another id, whether the client has said so or not.
    ///
    /// - Returns: What the client goes on with, to be gained again.
    private mutating func loseAsAnotherMember(_ membership: GroupMembership) -> [ReadPartition] {
        guard self.ownership.isAnotherMember(membership) else { return [] }
        let kept = self.ownership.kept
        // What is read under the old leases is not accepted; it must not fill up what waits to be taken, either.
        self.group(.pause(self.ownership.held))
        self.lose(self.ownership.partitions.keys.sorted())
        return kept
    }

    private mutating func located(_ lease: Lease, _ result: Result<Location, PortFailure>, now: Now) {
        if case .failure(let failure) = result, self.ownership.isPreparing(lease) {
            self.turn.reports.append(.notReady(lease.subject, failure))
        }
        switch self.ownership.located(lease, result, now: now) {
        case .nothing: break
        case .ask(let orders): self.orders(orders)
        case .begin(let lease, let position, let isNew):
            // Committed at once, so that its next owner begins where this one did.
            if isNew { self.planner.append(TransactionEntry(.position, taken: .init(lease, next: position))) }
            self.read(lease, from: position, journalRecords: nil, unfinished: 0, now: now)
        }
    }

    mutating func read(_ lease: Lease, from position: Offset, journalRecords: Int?, unfinished: Int, now: Now) {
        self.group(.read(lease, from: position, isPaused: self.isIntakePaused || self.stopBy != nil))
        let since = self.preparingSince.removeValue(forKey: lease.subject) ?? now.monotonic
        self.turn.reports.append(
            .ready(
                ReadyPartition(
                    partition: lease.subject,
                    position: position,
                    journalRecords: journalRecords,
                    unfinished: unfinished,
                    took: now.monotonic - since
                )
            )
        )
    }

    // MARK: Partitions that go

    private mutating func lose(_ partitions: [ReadPartition]) {
        self.turn.reports.append(.lost(partitions))
        self.abandonPreparing(partitions)
        self.release(self.ownership.lost(partitions))
    }

    private mutating func revoking(_ partitions: [ReadPartition], _ id: RevocationID, now: Now) {
        self.turn.reports.append(.revoked(partitions))
        self.abandonPreparing(partitions)
        self.ownership.revoking(partitions, id, now: now.monotonic)
        let gone = Set(partitions)
        self.rollouts.leave(partitions.filter(\.isInbox).map(\.partition))
        self.cancelUnstarted { gone.contains($0.subject) }
    }

    /// Ends what still reads journals of partitions that go, maybe behind somebody's open transaction.
    private mutating func abandonPreparing(_ partitions: [ReadPartition]) {
        for partition in partitions {
            guard let lease = self.ownership.partitions[partition]?.lease, self.ownership.isPreparing(lease) else {
                continue
            }
            self.turn.actions.append(.journal(.abandon(lease)))
        }
    }

    /// Lets revocations go that have waited for all that they had to, or for long enough.
    mutating func letGo(now: Now) {
        for (id, partitions, by) in self.ownership.waitingRevocations {
            let concerned = Set(partitions)
            let isBusy =
                self.calls.isCreating { concerned.contains($0.subject) }
                || self.planner.isWriting { concerned.contains($0.subject) }
            guard !isBusy || by <= now.monotonic else { continue }
            guard !id.isRenewal else {
                self.beginAnew(id, now: now)
                continue
            }
            if isBusy { self.turn.reports.append(.letGoInTheMiddle(partitions)) }
            self.release(self.ownership.letGo(id))
            self.group(.letGo(id))
        }
    }

    /// Reads the journal of a partition again that the group has left to us.
    private mutating func beginAnew(_ id: RevocationID, now: Now) {
        let (partitions, orders) = self.ownership.renewed(id)
        self.release(partitions)
        for partition in partitions { self.preparingSince[partition] = now.monotonic }
        self.orders(orders)
    }

    /// Drops the work of partitions that are ours no longer.
    mutating func release(_ partitions: [ReadPartition]) {
        guard !partitions.isEmpty else { return }
        let gone = Set(partitions)
        self.cancelUnstarted { gone.contains($0.subject) }
        for partition in partitions {
            self.preparingSince[partition] = nil
            guard partition.isInbox else { continue }
            self.rollouts.release(partition: partition.partition)
            self.commands.lost(partition.partition)
        }
        self.planner.partitionsChanged(self.ownership)
        self.firstCalls.partitionsReleased()
        self.countPhases()
    }

    mutating func cancelUnstarted(_ isConcerned: (Lease) -> Bool) {
        let requests = self.calls.takeBack(of: isConcerned)
        if !requests.isEmpty { self.turn.actions.append(.workbench(.cancelUnstarted(requests))) }
    }

    /// Counts all rollouts again, after partitions came or went.
    mutating func countPhases() {
        self.phases = PhaseCounts(self.rollouts.phaseCounts)
    }

    // MARK: Flow

    /// Pauses reading while as much as allowed is accepted and unfinished, or waits for the journal.
    ///
    /// - Returns: Whether reading goes on again from now on.
    mutating func adjustFlow() -> Bool {
        guard self.stopBy == nil else { return false }
        let (waiting, unfinished) = (self.planner.count, self.rollouts.unfinishedCount)
        let most = self.settings.maximumUnfinished
        if !self.isIntakePaused, waiting >= self.settings.maximumWaiting || unfinished >= most {
            self.isIntakePaused = true
            self.group(.pause(self.ownership.held))
            self.turn.reports.append(.intakePaused(true))
        } else if self.isIntakePaused, waiting < self.settings.maximumWaiting * 3 / 4, unfinished <= most * 9 / 10 {
            self.isIntakePaused = false
            let held = self.gate.leases
            self.group(.resume(self.ownership.held.filter { !held.contains($0) }))
            self.turn.reports.append(.intakePaused(false))
            return true
        }
        return false
    }
}

// SPDX-License-Identifier: Apache-2.0

package import Values

/// What follows from a transaction's end.
extension TransactionPlanner {
    /// A transaction has ended.
    ///
    /// - Parameters:
    ///   - id: The transaction; one that is not under way any more means nothing.
    ///   - outcome: What has become of it.
    ///   - ownership: Says what is held.
    ///   - now: The moment.
    /// - Returns: What it means for the rest of the worker, in order.
    package mutating func ended(
        _ id: TransactionID,
        _ outcome: CommitOutcome,
        _ ownership: PartitionOwnership,
        now: Now
    ) -> [Event] {
        guard case .committing(id, let began) = self.state, let transaction = self.underWay else { return [] }
        self.underWay = nil
        self.state = .idle
        switch outcome {
        case .committed(let records):
            self.failures = 0
            self.ownTaken += transaction.entries.count { !$0.carriesForeignBytes }
            self.obstacles.committed(transaction.entries)
            return [.committed(CommittedTransaction(transaction, records: records, began: began))]
        case .oversized(let places):
            return self.shorten(places, of: transaction.entries, because: nil, now: now)
        case .refused(let failures) where self.areToBlame(transaction.entries, for: failures):
            return self.blame(failures, transaction.entries, now: now)
        case .refused(let failures):
            return self.again(
                transaction.entries,
                failures.first?.value ?? PortFailure(.outage, "records refused"),
                now
            )
        case .membershipLost(let failure):
            self.putBack(transaction.entries)
            self.state = .waitingForMembership(after: transaction.membership, since: now.monotonic)
            return [.fenced(failure)]
        case .aborted(let failure):
            return self.again(transaction.entries, failure, now)
        case .unknown(let failure), .fatal(let failure):
            self.obstacles.note(failure, transaction.entries)
            self.dropAll()
            // Once is no reason to wait; what ends every producer must not be tried without a pause.
            let lost = self.obstacles.producerLost()
            let pause = lost > 0 ? self.settings.backoff.delay(afterFailures: lost) : .zero
            self.state = .producerLost(rebuildAt: now.monotonic + pause)
            return [.startOver(failure)]
        }
    }

    /// Whether the producer is to be replaced now; said once.
    package mutating func takeRebuild(now: MonotonicTime) -> Bool {
        guard case .producerLost(let at) = self.state, at <= now else { return false }
        self.state = .rebuilding
        return true
    }

    /// The producer was replaced.
    package mutating func producerReady() {
        guard case .rebuilding = self.state else { return }
        self.state = .idle
        self.obstacles.producerReplaced()
    }

    /// Puts a batch back before everything newer.
    private mutating func putBack(_ entries: [TransactionEntry]) {
        self.queue.insert(contentsOf: entries, at: 0)
    }

    private mutating func again(_ entries: [TransactionEntry], _ failure: PortFailure, _ now: Now) -> [Event] {
        self.putBack(entries)
        self.failures += 1
        self.obstacles.note(failure, entries)
        self.waitToRetry(now)
        return [.failed(failure, failures: self.failures)]
    }

    private mutating func waitToRetry(_ now: Now) {
        self.state = .waitingToRetry(at: now.monotonic + self.settings.backoff.delay(afterFailures: self.failures))
    }

    /// Whether records were refused for what they are.
    ///
    /// Our own records are all of one kind: one that is refused as invalid says something of its topic, and ends no rollout,
    /// unless brokers have taken others since it was.
    private func areToBlame(_ entries: [TransactionEntry], for failed: [Int: PortFailure]) -> Bool {
        guard entries.areToBlame(for: failed) else { return false }
        guard entries.count == 1, !entries[0].carriesForeignBytes else { return true }
        return failed.values.allSatisfy { $0.kind != .invalidRecord } || self.ownTaken > self.ownTakenAtBlame
    }

    /// Brokers refuse a whole request for one record, so its neighbours are named, too: they go one by one.
    private mutating func blame(
        _ failures: [Int: PortFailure],
        _ entries: [TransactionEntry],
        now: Now
    ) -> [Event] {
        let first = Event.blamed(failures.count, failures.min { $0.key < $1.key }?.value)
        guard entries.count == 1 else {
            self.ownTakenAtBlame = self.ownTaken
            self.putBack(entries)
            self.alone += entries.count
            return [first]
        }
        return [first] + self.shorten([0], of: entries, because: failures[0], now: now)
    }

    /// Replaces what doesn't fit or is refused: each such entry ends with a name of its own, and the rest goes on (rule 10).
    private mutating func shorten(
        _ places: Set<Int>,
        of entries: [TransactionEntry],
        because refusal: PortFailure?,
        now: Now
    ) -> [Event] {
        let cause = self.cause(refusal)
        var events: [Event] = []
        var kept: [TransactionEntry] = []
        var abandoned: Set<RolloutID> = []
        var isShort = false
        for (place, entry) in entries.enumerated() {
            if places.contains(place), let left = entry.withoutRefusedLetter(refusal) {
                events.append(left.event)
                kept.append(left.entry)
                continue
            }
            guard places.contains(place), !entry.isShort else {
                isShort = isShort || places.contains(place)
                kept.append(entry)
                continue
            }
            switch entry.content {
            case .step(let record): events.append(.refused(record.ticket, cause))
            case .movedOut(let move): events.append(.refused(move.ticket, cause))
            case .accepted(let state, _), .movedIn(let state), .command(_, let state?, _, _):
                kept.append(entry.shortened(at: now.wall, cause))
                events.append(.abandoned(state.id))
                abandoned.insert(state.id)
            case .dead, .forwarded, .start, .command, .commandsRead, .commandsForgotten, .room, .position, .repeated,
                .forgotten:
                kept.append(entry.shortened(at: now.wall, cause))
            }
        }
        self.putBack(kept)
        // What an ended rollout had written behind its first record would bring it back at the next restore.
        if !abandoned.isEmpty { self.queue.removeAll { $0.isStep(of: abandoned) } }
        // A single entry that was alone stays alone.
        if entries.count == 1, !kept.isEmpty, self.alone > 0 { self.alone += 1 }
        guard isShort else { return events }
        // Its topic takes next to nothing: that is no record's fault, and a person has to change it.
        self.failures += 1
        self.waitToRetry(now)
        return events + [.topicTakesNothing(failures: self.failures)]
    }

    /// Why a rollout ends whose record does not fit its topic, or is refused by it.
    private func cause(_ refusal: PortFailure?) -> Cause {
        switch refusal?.kind {
        case .invalidRecord?, .invalidTime?:
            Cause(.recordRefused, "a broker refuses a record of this rollout: \(refusal?.message ?? "")")
        default:
            Cause(.recordTooLarge, "a record of this rollout is larger than \(self.settings.maximumRecordBytes) bytes")
        }
    }
}

extension [TransactionEntry] {
    /// Whether records were refused for what they are: too large, invalid, or passed on with a time that the topic doesn't
    /// take.
    ///
    /// The times of our own records are this worker's clock, which ends no rollout.
    func areToBlame(for failed: [Int: PortFailure]) -> Bool {
        let hasForwarded = self.contains(where: \.isForwarded)
        return !failed.isEmpty
            && failed.values.allSatisfy { failure in
                failure.kind == .tooLarge || failure.kind == .invalidRecord
                    || (hasForwarded && failure.kind == .invalidTime)
            }
    }
}

extension TransactionEntry {
    /// Whether its records are as short as they can be made.
    var isShort: Bool {
        switch self.content {
        case .accepted(let state, _), .movedIn(let state), .command(_, let state?, _, _):
            state.cause?.class == .recordTooLarge || state.cause?.class == .recordRefused
        case .dead(_, _, _, let maximumBytes): maximumBytes == 0
        case .start, .command, .commandsRead, .commandsForgotten, .position, .repeated, .forgotten: true
        // It is left out where the inbox doesn't take it: the next one says the same.
        case .room(_, let partitions): partitions.isEmpty
        // A step that doesn't fit is given back, a forwarded event becomes a dead letter.
        case .step, .movedOut, .forwarded: false
        }
    }

    /// Whether it passes on what somebody else has written: a dead letter, or an event on its way to its owner.
    var carriesForeignBytes: Bool {
        if case .dead = self.content { true } else { self.isForwarded }
    }

    /// What is left of a dead letter that a broker refuses in its shortest form, too: the event is passed over, and told.
    ///
    /// - Parameter refusal: Why the entry's record was refused.
    /// - Returns: The entry without its letter; `nil` for anything else.
    func withoutRefusedLetter(
        _ refusal: PortFailure?
    ) -> (entry: TransactionEntry, event: TransactionPlanner.Event)? {
        guard let refusal, refusal.kind == .invalidRecord, self.isShort,
            case .dead(let record, let reason, _, _) = self.content
        else { return nil }
        return (TransactionEntry(.position, taken: self.taken), .letterRefused(record.origin, reason, refusal))
    }

    /// The same event with a name of its own instead of what doesn't fit; a step has no shorter form.
    func shortened(at time: Timestamp, _ cause: Cause) -> TransactionEntry {
        var entry = self
        switch self.content {
        case .accepted(var state, let record):
            // Ends at once; without the event's own long texts its record fits.
            state.end(at: time, cause)
            entry.content = .accepted(state, of: record)
        case .movedIn(var state):
            state.end(at: time, cause)
            entry.content = .movedIn(state)
        case .command(let outcome, var state?, let position, let bytes):
            state.end(at: time, cause)
            entry.content = .command(outcome, state, position, bytes: bytes)
        case .dead(let record, let reason, let time, _):
            // The topic takes less than its settings said: hash and length stand in place of everything.
            entry.content = .dead(record, reason, at: time, maximumBytes: 0)
        case .forwarded(let event, let maximumDeadBytes):
            // It came from a topic that took it, but the inbox may take less, and the way here is told in its headers.
            let reason = DeadLetterReason(.notForwardable, "the inbox doesn't take it")
            entry.content = .dead(event.record, reason, at: event.time, maximumBytes: maximumDeadBytes)
        case .room(let notice, _): entry.content = .room(notice, to: [])
        case .step, .movedOut, .start, .command, .commandsRead, .commandsForgotten, .position, .repeated, .forgotten:
            break
        }
        return entry
    }
}

extension RolloutState {
    /// Ends a rollout whose own first record does not fit its topic, or is refused by it.
    fileprivate mutating func end(at time: Timestamp, _ cause: Cause) {
        self.shorten()
        self.enter(.failed, at: time, cause: cause)
        self.step = .finished
    }
}

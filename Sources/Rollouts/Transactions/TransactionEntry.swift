// SPDX-License-Identifier: Apache-2.0

package import Values

/// Something to be written in a transaction, in the order in which it was decided.
package struct TransactionEntry: Sendable {
    /// What is written.
    ///
    /// The large ones lie in boxes: an entry is copied on its way from queue to transaction to record.
    package enum Content: Sendable {
        /// An event was taken over: its rollout's first record and status; the event itself, for the day on which its owner is
        /// lost before the commit.
        indirect case accepted(RolloutState, of: OriginalRecord)
        /// A rollout that moved here goes on: its record, and no status.
        indirect case movedIn(RolloutState)
        /// A rollout goes on in another partition: a record that says so, and the whole state in the other one's inbox.
        indirect case movedOut(Coordinator.Move)
        /// An event can't be understood; the limit is what the dead-letter topic takes.
        indirect case dead(OriginalRecord, DeadLetterReason, at: Timestamp, maximumBytes: Int)
        /// An event belongs to another owner; the rest is for the dead letter of one that can't be written there.
        indirect case forwarded(ForwardedEvent, maximumDeadBytes: Int)
        /// A journal partition begins, or gets to know another event topic.
        case start(StartRecord)
        /// A command is answered: its outcome, and the first record and status of the rollout that begins by it; how large
        /// the command is. What stands before the position in the commands topic is done in this partition.
        indirect case command(CommandOutcome, RolloutState?, CommandsPosition, bytes: Int)
        /// Nothing before that position in the commands topic is left to be done in this partition.
        indirect case commandsRead(CommandsPosition)
        /// Commands that were done are older than the horizon: a tombstone for each.
        case commandsForgotten([CommandName])
        /// Others are told for whom there is no room here: a record in each of these partitions of the inbox.
        case room(RoomNotice, to: [Partition])
        /// A partition was made ready: its position is committed, before anything else depends on it.
        case position
        /// Events in a row repeat known rollouts: only the offset after the last one is committed.
        case repeated(count: Int)
        /// Ended rollouts are older than the horizon: a tombstone for each.
        case forgotten(Coordinator.Forgetting)
        /// A step of a rollout.
        indirect case step(Coordinator.Record)
    }

    /// The record that an entry takes from a partition: the lease under which it was read, and the offset after it.
    package struct Taken: Sendable, Equatable {
        /// The lease.
        package var lease: Lease
        /// The next offset to accept.
        package var next: Offset

        /// Names a record.
        package init(_ lease: Lease, next: Offset) {
            self.lease = lease
            self.next = next
        }
    }

    /// What is written.
    package var content: Content
    /// The lease of the journal partition that it writes, or by which it is fenced; `nil` where it writes none.
    package var writer: Lease?
    /// The record that it takes, for what comes from intake.
    package var taken: Taken?

    /// Creates an entry.
    package init(_ content: Content, writer: Lease? = nil, taken: Taken? = nil) {
        self.content = content
        self.writer = writer
        self.taken = taken
    }

    /// The call that it announces; `nil` for every other entry.
    package var announces: CommittedIntent.Subject? {
        guard case .step(let record) = self.content else { return nil }
        if record.rollout.aftermath?.isChanging == true { return .cleanUp }
        return record.rollout.intent.map { .creation($0) }
    }

    /// Bytes of the event that it writes down or passes on as it came.
    var foreignBytes: Int {
        switch self.content {
        case .accepted(_, let record), .dead(let record, _, _, _): record.sizeBytes
        case .forwarded(let event, _): event.record.sizeBytes
        case .command(_, _, _, let bytes): bytes
        case .movedIn, .movedOut, .start, .commandsRead, .commandsForgotten, .room, .position, .repeated, .forgotten,
            .step:
            0
        }
    }

    /// Takes in the entry that comes right behind it, where one offset says all that both have to say.
    ///
    /// - Returns: Whether it did.
    mutating func absorb(_ next: TransactionEntry) -> Bool {
        guard case .repeated(let count) = self.content, case .repeated(let more) = next.content,
            let taken = next.taken, taken.lease == self.taken?.lease
        else { return false }
        self.content = .repeated(count: count + more)
        self.taken = taken
        return true
    }

    /// Whether it passes an event on, which brokers may refuse for what somebody else has put into it.
    var isForwarded: Bool {
        if case .forwarded = self.content { true } else { false }
    }

    /// Whether it is a later entry of one of these rollouts.
    func isStep(of rollouts: Set<RolloutID>) -> Bool {
        switch self.content {
        case .step(let record): rollouts.contains(record.rollout.id)
        case .movedOut(let move): rollouts.contains(move.rollout.id)
        case .accepted, .movedIn, .dead, .forwarded, .start, .command, .commandsRead, .commandsForgotten, .room,
            .position, .repeated, .forgotten:
            false
        }
    }
}

/// An event on its way to the owner of its model.
package struct ForwardedEvent: Sendable, Equatable {
    /// The event as it was read.
    package var record: OriginalRecord
    /// Its rollout.
    package var id: RolloutID
    /// The partition that owns it.
    package var owner: Partition
    /// When it was forwarded.
    package var time: Timestamp

    /// Creates one.
    package init(record: OriginalRecord, id: RolloutID, owner: Partition, time: Timestamp) {
        self.record = record
        self.id = id
        self.owner = owner
        self.time = time
    }
}

// SPDX-License-Identifier: Apache-2.0

package import Values

/// Decides what goes into the next transaction: everything that was decided while one is under way goes into the next.
///
/// Pure. One transaction at a time; entries keep their order through every abort, split and retry.
package struct TransactionPlanner: Sendable {
    /// What a planner depends on.
    package struct Settings: Sendable {
        /// The most entries in one transaction.
        package var batchEntries: Int
        /// About how many bytes of events one transaction takes over, passes on or puts aside, so that a row of large ones ends
        /// within the transaction's time.
        package var batchBytes: Int
        /// The largest record that journal, status and inbox take, for the cause of a rollout that doesn't fit.
        package var maximumRecordBytes: Int
        /// The largest record that the dead-letter topic takes.
        package var maximumDeadBytes: Int
        /// Pauses between attempts.
        package var backoff: Backoff

        /// Creates settings.
        package init(
            batchEntries: Int = 2_000,
            batchBytes: Int = 16 << 20,
            maximumRecordBytes: Int,
            maximumDeadBytes: Int,
            backoff: Backoff = Backoff(base: .milliseconds(100), cap: .seconds(5))
        ) {
            self.batchEntries = batchEntries
            self.batchBytes = batchBytes
            self.maximumRecordBytes = maximumRecordBytes
            self.maximumDeadBytes = maximumDeadBytes
            self.backoff = backoff
        }
    }

    /// Where the planner stands.
    package enum State: Sendable, Equatable {
        /// No transaction. Next: `committing`.
        case idle
        /// One is under way. Next: any.
        case committing(TransactionID, began: MonotonicTime)
        /// The group has moved on, or there is no membership: held until a rebalance tells another one. Next: `idle`.
        case waitingForMembership(after: GroupMembership?, since: MonotonicTime)
        /// An attempt failed. Next: `idle`.
        case waitingToRetry(at: MonotonicTime)
        /// The producer is of no use; its replacement is ordered at that time. Next: `rebuilding`.
        case producerLost(rebuildAt: MonotonicTime)
        /// The producer is being replaced. Next: `idle`.
        case rebuilding
    }

    /// What a transaction's end means for the rest of the worker, in order.
    package enum Event: Sendable {
        /// It is committed.
        case committed(CommittedTransaction)
        /// A record of a rollout is too large for its topic, for good.
        case refused(Coordinator.Ticket, Cause)
        /// An accepted event's own record is too large: its rollout has ended.
        case abandoned(RolloutID)
        /// The producer is lost: memory may be ahead of or behind the journal (rule 7).
        case startOver(PortFailure)
        /// The transaction did not succeed, and is tried again.
        case failed(PortFailure, failures: Int)
        /// The group has moved on; the entries are held until it has told what is still ours.
        case fenced(PortFailure)
        /// Records were refused for what they are.
        case blamed(Int, PortFailure?)
        /// A broker refuses a dead letter in every form: its event is passed over.
        case letterRefused(Origin, DeadLetterReason, PortFailure)
        /// A topic takes next to nothing: no record's fault.
        case topicTakesNothing(failures: Int)
    }

    let settings: Settings
    /// Where it stands.
    package internal(set) var state = State.idle
    /// What waits, in order; the transaction under way is not among them.
    var queue: [TransactionEntry] = []
    /// What the transaction under way writes.
    var underWay: Transaction?
    /// Entries at the head of the queue that go one by one, because brokers named more than the guilty one.
    var alone = 0
    /// Entries of our own that brokers have taken, and how many they had when a batch was last refused.
    var ownTaken = 0
    var ownTakenAtBlame = 0
    /// Attempts of the batch at the head that failed.
    var failures = 0
    /// What keeps transactions from being committed, though others are.
    package internal(set) var obstacles = JournalObstacles()
    private var lastID: UInt64 = 0

    /// Creates a planner with nothing to write.
    package init(_ settings: Settings) { self.settings = settings }

    /// Entries that wait, those under way included.
    package var count: Int { self.queue.count + (self.underWay?.entries.count ?? 0) }

    /// Whether everything that was added is written or dropped.
    package var isIdle: Bool { self.queue.isEmpty && self.underWay == nil }

    /// Since when a transaction has been under way; `nil` where none is.
    package var committingSince: MonotonicTime? {
        guard case .committing(_, let began) = self.state else { return nil }
        return began
    }

    /// Whether entries wait for a membership.
    package var isWaitingForMembership: Bool {
        if case .waitingForMembership = self.state { true } else { false }
    }

    /// Adds an entry behind all others.
    ///
    /// Not bounded here: intake pauses when `count` is high, and a rollout has one record under way. A row of repeated events
    /// is one entry, so that a backlog of them takes as few transactions as there are commits in its time.
    package mutating func append(_ entry: TransactionEntry) {
        // An entry that has to go alone was blamed for what it is: nothing joins it.
        if let last = self.queue.indices.last, last >= self.alone, self.queue[last].absorb(entry) { return }
        self.queue.append(entry)
    }

    /// Whether something of these leases is being written, or is to be written and does not have to wait for anybody.
    ///
    /// What waits for a membership, or for a producer, is not awaited: the group may be waiting for us.
    package func isWriting(for isConcerned: (Lease) -> Bool) -> Bool {
        func concerns(_ entry: TransactionEntry) -> Bool {
            entry.writer.map(isConcerned) ?? false || (entry.taken.map { isConcerned($0.lease) } ?? false)
        }
        switch self.state {
        case .committing:
            return self.underWay?.entries.contains(where: concerns) ?? false || self.queue.contains(where: concerns)
        case .idle: return self.queue.contains(where: concerns)
        case .waitingForMembership, .waitingToRetry, .producerLost, .rebuilding: return false
        }
    }

    /// Leaves out what may not be written any more, in what waits.
    package mutating func partitionsChanged(_ ownership: PartitionOwnership) {
        // Places in `alone` are counted from the head: what is dropped there must not let a later entry go alone.
        var (kept, alone): ([TransactionEntry], Int) = ([], 0)
        kept.reserveCapacity(self.queue.count)
        for (index, entry) in self.queue.enumerated() {
            guard let held = entry.held(by: ownership, maximumDeadBytes: self.settings.maximumDeadBytes) else {
                continue
            }
            kept.append(held)
            if index < self.alone { alone += 1 }
        }
        self.queue = kept
        self.alone = alone
        self.obstacles.forget(isAnythingLeft: !self.queue.isEmpty || self.underWay != nil)
    }

    /// Forgets all that waits: memory is to be read from the journal again.
    package mutating func dropAll() {
        self.queue = []
        self.alone = 0
        self.failures = 0
    }

    /// Says the next transaction, if one may begin now.
    ///
    /// - Parameters:
    ///   - ownership: Says what is held, and gives membership and positions.
    ///   - now: The moment.
    /// - Returns: The transaction to commit; `nil` where none is to begin.
    package mutating func next(_ ownership: PartitionOwnership, now: MonotonicTime) -> Transaction? {
        switch self.state {
        case .committing, .producerLost, .rebuilding: return nil
        case .waitingToRetry(let at) where now < at: return nil
        case .waitingForMembership(let stale, _):
            guard let current = ownership.membership, current != stale else { return nil }
        case .idle, .waitingToRetry: break
        }
        self.state = .idle
        guard !self.queue.isEmpty else { return nil }
        guard let membership = ownership.membership else {
            self.partitionsChanged(ownership)
            if !self.queue.isEmpty { self.state = .waitingForMembership(after: nil, since: now) }
            return nil
        }
        let entries = self.takeBatch(ownership)
        guard !entries.isEmpty else {
            guard self.queue.isEmpty else { return self.next(ownership, now: now) }
            // All of it belonged to partitions that had gone before it was refused.
            self.obstacles.forget(isAnythingLeft: false)
            return nil
        }
        self.lastID += 1
        let transaction = Transaction(
            id: TransactionID(number: self.lastID),
            entries: entries,
            offsets: Self.offsets(of: entries, ownership),
            membership: membership
        )
        self.underWay = transaction
        self.state = .committing(transaction.id, began: now)
        return transaction
    }

    private mutating func takeBatch(_ ownership: PartitionOwnership) -> [TransactionEntry] {
        let count = self.batchCount
        var entries: [TransactionEntry] = []
        entries.reserveCapacity(count)
        for entry in self.queue[..<count] {
            guard let held = entry.held(by: ownership, maximumDeadBytes: self.settings.maximumDeadBytes) else {
                continue
            }
            entries.append(held)
        }
        self.queue.removeFirst(count)
        self.alone = max(0, self.alone - count)
        return entries
    }

    /// How many entries of the queue's head go together; at least one where there is one.
    private var batchCount: Int {
        let most = min(self.alone > 0 ? 1 : self.settings.batchEntries, self.queue.count)
        var (count, bytes) = (0, 0)
        while count < most {
            bytes += self.queue[count].foreignBytes
            guard count == 0 || bytes <= self.settings.batchBytes else { break }
            count += 1
        }
        return count
    }

    /// The offsets that go with entries: of what they take, and of every journal partition that they write.
    private static func offsets(
        of entries: [TransactionEntry],
        _ ownership: PartitionOwnership
    ) -> [Lease: Offset] {
        var offsets: [Lease: Offset] = [:]
        for entry in entries {
            if let taken = entry.taken { offsets[taken.lease] = taken.next }
        }
        for case let writer? in entries.lazy.map(\.writer) where offsets[writer] == nil {
            guard let position = ownership.position(of: writer) else {
                preconditionFailure("an entry of a journal partition that is not held")
            }
            offsets[writer] = position
        }
        return offsets
    }

    /// The next moment at which `next` may have something to do; `nil` for none.
    package var nextWake: MonotonicTime? {
        switch self.state {
        case .waitingToRetry(let at): self.queue.isEmpty ? nil : at
        case .producerLost(let at): at
        case .idle, .committing, .waitingForMembership, .rebuilding: nil
        }
    }
}

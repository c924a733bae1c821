// SPDX-License-Identifier: Apache-2.0

package import Values

/// Which partitions this process holds, under which leases, and up to where their records are accepted.
///
/// Pure. It says which orders to give; whether a lease still counts is asked here and nowhere else.
///
/// A partition of an event topic only carries events in: it has a lease and a position. A partition of the inbox is the
/// right to a journal partition and its lanes; its offset fences every transaction that writes that journal.
package struct PartitionOwnership: Sendable {
    /// What ownership depends on.
    package struct Settings: Sendable {
        /// What this worker's start records say; `topics` is filled in at a topic's first start.
        package var world: StartRecord
        /// The event topics, by their index.
        package var eventTopics: [String]
        /// Where a topic that was never read begins; `nil` for "now".
        package var startFrom: TopicStart?
        /// How long ended rollouts are known; `nil` for ever.
        package var horizon: Span?
        /// The longest that a revocation waits.
        package var revocationTimeout: Span
        /// Pauses between attempts.
        package var backoff: Backoff
        /// Time between two looks whether a journal record that can't be read has been healed.
        package var healingInterval: Span

        /// Creates settings.
        package init(
            world: StartRecord,
            eventTopics: [String],
            startFrom: TopicStart?,
            horizon: Span?,
            revocationTimeout: Span = .seconds(30),
            backoff: Backoff = Backoff(base: .milliseconds(100), cap: .seconds(5)),
            healingInterval: Span = .seconds(30)
        ) {
            self.world = world
            self.eventTopics = eventTopics
            self.startFrom = startFrom
            self.horizon = horizon
            self.revocationTimeout = revocationTimeout
            self.backoff = backoff
            self.healingInterval = healingInterval
        }
    }

    /// What is to be done for ownership's sake; performed by the ports.
    package enum Order: Sendable, Equatable {
        /// Read the journal partition to its end of now, the committed offset and the inbox partition's ends.
        case restore(Lease)
        /// Ask for the committed offset, the ends, and the offset for a time.
        case locate(Lease, time: Timestamp?)
        /// Read which event topics have had their first start.
        case readTopicStarts
    }

    /// One revocation that is waiting.
    struct Revocation: Sendable {
        var partitions: [ReadPartition]
        var by: MonotonicTime
    }

    /// What the journal of a partition holds that can't be used, and when it is looked at again.
    struct Inspection: Sendable {
        var findings: JournalFindings
        /// `nil` while a look is under way, and where nothing is to be healed.
        var nextLook: MonotonicTime?
    }

    let settings: Settings
    /// The partitions assigned, each in one state.
    package internal(set) var partitions: [ReadPartition: PartitionState] = [:]
    /// The membership in force; `nil` after the partitions were lost, and before the first assignment.
    package internal(set) var membership: GroupMembership?
    /// First starts that some journal partition 0 is known to hold.
    package internal(set) var knownStarts: [String: TopicStart] = [:]
    var revocations: [RevocationID: Revocation] = [:]
    /// Why preparing does not get on, by partition.
    package internal(set) var obstacles: [ReadPartition: PortFailure] = [:]
    /// What the journals hold that can't be used; nothing for those in which all is well.
    var inspections: [ReadPartition: Inspection] = [:]
    var isReadingStarts = false
    private var lastEpoch: UInt64 = 0
    private var lastRenewal: UInt64 = 0

    /// Creates ownership of nothing.
    package init(_ settings: Settings) { self.settings = settings }

    // MARK: What the group says

    /// Whether the group knows this worker by another id than when it gave what is held.
    ///
    /// Then it had given this worker up in between, and others may have had its partitions. A client says so itself
    /// (`lost`), but not always: a static member that stood still while it gave partitions back is refused when it joins
    /// again, is taken under another id, and keeps the rest.
    package func isAnotherMember(_ membership: GroupMembership) -> Bool {
        guard !self.partitions.isEmpty, let known = self.membership else { return false }
        return known.memberID != membership.memberID
    }

    /// Partitions that this worker has and was not asked to give back.
    package var kept: [ReadPartition] {
        self.partitions.filter { $0.value.isKept }.keys.sorted()
    }

    /// A rebalance ended; the older membership is stale.
    package mutating func joined(_ membership: GroupMembership) { self.membership = membership }

    /// Partitions were gained.
    ///
    /// - Returns: What to do to get them ready.
    package mutating func assigned(_ gained: [ReadPartition], now: MonotonicTime) -> [Order] {
        gained.flatMap { self.prepare($0) }
    }

    /// The group wants partitions back: nothing new starts for them from here on.
    package mutating func revoking(_ partitions: [ReadPartition], _ id: RevocationID, now: MonotonicTime) {
        let by = now + self.settings.revocationTimeout
        self.revocations[id] = Revocation(partitions: partitions, by: by)
        for partition in partitions {
            self.obstacles[partition] = nil
            switch self.partitions[partition] {
            case .held(let lease, let position):
                self.partitions[partition] = .revoking(lease, position: position, id, by: by)
            case .preparing, .discarded:
                // What was being prepared has nothing to write, and preparing it ends here.
                self.partitions[partition] = .discarded(id)
            case .revoking(let lease, let position, let other, let until) where other.isRenewal:
                self.partitions[partition] = .revoking(lease, position: position, id, by: min(until, by))
            case .revoking, nil:
                break
            }
        }
    }

    /// A held partition is to be begun anew from its journal, under another lease: nothing new starts for it until then.
    ///
    /// What is under way is awaited as at a revocation, since what a transaction under way writes must be read, too.
    mutating func renew(_ lease: Lease) {
        guard case .held(lease, let position)? = self.partitions[lease.subject] else { return }
        self.lastRenewal += 1
        // It waits for as long as it takes: nobody else wants the partition.
        let (id, by) = (RevocationID(renewal: self.lastRenewal), MonotonicTime(nanoseconds: .max))
        self.revocations[id] = Revocation(partitions: [lease.subject], by: by)
        self.partitions[lease.subject] = .revoking(lease, position: position, id, by: by)
    }

    /// A partition that was to be begun anew has waited for all that was under way.
    ///
    /// - Returns: What was given up, and what to do to get it ready again; nothing where the group has taken it meanwhile.
    package mutating func renewed(_ id: RevocationID) -> (partitions: [ReadPartition], orders: [Order]) {
        let partitions = (self.revocations.removeValue(forKey: id)?.partitions ?? []).filter { partition in
            guard case .revoking(_, _, id, _)? = self.partitions[partition] else { return false }
            return true
        }
        return (partitions, partitions.flatMap { self.prepare($0) })
    }

    /// Partitions that others may own already.
    ///
    /// - Returns: Those that were ours until now.
    package mutating func lost(_ partitions: [ReadPartition]) -> [ReadPartition] {
        self.membership = nil
        return partitions.filter { self.remove($0) }
    }

    /// A revocation has waited for all that it had to, or for long enough.
    ///
    /// - Returns: Its partitions, which are ours no longer.
    package mutating func letGo(_ id: RevocationID) -> [ReadPartition] {
        let partitions = self.revocations.removeValue(forKey: id)?.partitions ?? []
        return partitions.filter { self.remove($0) }
    }

    private mutating func remove(_ partition: ReadPartition) -> Bool {
        self.obstacles[partition] = nil
        self.inspections[partition] = nil
        return self.partitions.removeValue(forKey: partition) != nil
    }

    /// Rule 7: memory may be ahead of or behind the journal, so every partition is treated as newly assigned.
    ///
    /// What is being revoked is left to its next owner; nothing that was decided before may be written any more.
    ///
    /// - Returns: What to do to get them ready again.
    package mutating func startOver() -> [Order] {
        var orders: [Order] = []
        for (partition, state) in self.partitions.sorted(by: { $0.key < $1.key }) {
            switch state {
            case .preparing, .held: orders += self.prepare(partition)
            case .revoking(_, _, let id, _) where id.isRenewal: orders += self.prepare(partition)
            case .revoking(_, _, let id, _): self.partitions[partition] = .discarded(id)
            case .discarded: break
            }
        }
        return orders
    }

    /// Grants a new lease and begins to prepare it.
    mutating func prepare(_ partition: ReadPartition) -> [Order] {
        self.lastEpoch += 1
        let lease = Lease(partition, epoch: self.lastEpoch)
        self.obstacles[partition] = nil
        self.inspections[partition] = nil
        if partition.isInbox {
            self.partitions[partition] = .preparing(lease, .restoring(failures: 0))
            return [.restore(lease)]
        }
        self.partitions[partition] = .preparing(lease, .locating(failures: 0))
        return [.locate(lease, time: nil)]
    }

    // MARK: What others ask

    /// Whether records that were read under the lease are to be accepted.
    package func accepts(_ lease: Lease) -> Bool {
        guard case .held(lease, _)? = self.partitions[lease.subject] else { return false }
        return true
    }

    /// Whether the partition is being got ready under the lease.
    package func isPreparing(_ lease: Lease) -> Bool {
        guard case .preparing(lease, _)? = self.partitions[lease.subject] else { return false }
        return true
    }

    /// Whether entries that were decided under the lease may still be written, and its offsets committed.
    package func isWritable(_ lease: Lease) -> Bool {
        self.partitions[lease.subject]?.writableLease == lease
    }

    /// The lease of a journal partition whose work goes on; `nil` where somebody else's is asked for.
    package func owner(of partition: Partition) -> Lease? {
        guard case .held(let lease, _)? = self.partitions[.inbox(partition)] else { return nil }
        return lease
    }

    /// The lease under which a journal partition's entries may be written; `nil` for none.
    package func writer(of partition: Partition) -> Lease? { self.partitions[.inbox(partition)]?.writableLease }

    /// The next offset to accept, which fences a transaction for the partition.
    package func position(of lease: Lease) -> Offset? {
        guard self.isWritable(lease) else { return nil }
        return self.partitions[lease.subject]?.position
    }

    /// A transaction has moved the position of a partition.
    ///
    /// It goes back only where a topic was cut short or made again, and lower offsets are new events.
    package mutating func advance(_ lease: Lease, to offset: Offset) {
        switch self.partitions[lease.subject] {
        case .held(lease, _):
            self.partitions[lease.subject] = .held(lease, position: offset)
        case .revoking(lease, _, let id, let by):
            self.partitions[lease.subject] = .revoking(lease, position: offset, id, by: by)
        case .held, .revoking, .preparing, .discarded, nil:
            break
        }
    }

    /// Leases whose records are read, in a fixed order.
    package var held: [Lease] {
        self.partitions.values.compactMap { if case .held(let lease, _) = $0 { lease } else { nil } }
            .sorted { $0.subject < $1.subject }
    }

    /// Partitions that are being got ready, in a fixed order.
    package var preparing: [ReadPartition] {
        self.partitions.compactMap { if case .preparing = $0.value { $0.key } else { nil } }.sorted()
    }

    /// When the first of the revocations that wait is let go at the latest; `nil` where none waits.
    package var firstRevocationEnds: MonotonicTime? { self.revocations.values.lazy.map(\.by).min() }

    /// Revocations that wait, in the order in which they came.
    package var waitingRevocations: [(id: RevocationID, partitions: [ReadPartition], by: MonotonicTime)] {
        self.revocations.sorted { $0.key.number < $1.key.number }.map { ($0.key, $0.value.partitions, $0.value.by) }
    }

    /// Checks what must hold between any two inputs; traps where it does not.
    ///
    /// No two partitions share a lease, a revoking one names a revocation that waits, and every lease is of its partition.
    package func checkInvariants() {
        var epochs: Set<UInt64> = []
        for (partition, state) in self.partitions {
            if let lease = state.lease {
                precondition(lease.subject == partition, "a lease of another partition")
                precondition(epochs.insert(lease.epoch).inserted, "two partitions with one lease")
            }
            if case .revoking(_, _, let id, _) = state {
                precondition(self.revocations[id] != nil, "a revocation that nobody waits for")
            }
        }
    }
}

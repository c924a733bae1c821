// SPDX-License-Identifier: Apache-2.0

package import Values

/// Names a transaction of this process.
package struct TransactionID: Hashable, Sendable {
    /// Counts the transactions.
    package let number: UInt64

    /// Creates a name.
    package init(number: UInt64) { self.number = number }
}

/// All that one transaction writes, as values; turned into records by the one who commits it.
package struct Transaction: Sendable {
    /// Its name.
    package var id: TransactionID
    /// What it writes, in order.
    package var entries: [TransactionEntry]
    /// The next offset to accept of each partition concerned; never empty.
    ///
    /// Rule 1: the inbox partition of every journal partition that is written is among them, else brokers would not check
    /// that it is still ours.
    package var offsets: [Lease: Offset]
    /// Proves to the brokers that the offsets' partitions are ours.
    package var membership: GroupMembership

    /// Creates a transaction.
    package init(
        id: TransactionID,
        entries: [TransactionEntry],
        offsets: [Lease: Offset],
        membership: GroupMembership
    ) {
        self.id = id
        self.entries = entries
        self.offsets = offsets
        self.membership = membership
    }
}

/// What has become of a transaction.
package enum CommitOutcome: Sendable, Equatable {
    /// It is committed, with that many records.
    case committed(records: Int)
    /// The entries at these places have a record that is larger than its topic takes: nothing was begun.
    case oversized(Set<Int>)
    /// It is aborted: brokers refused records of the entries at these places, each for a reason of its own.
    case refused([Int: PortFailure])
    /// It is aborted: the group has moved on (rule 3).
    case membershipLost(PortFailure)
    /// It is aborted and may be tried again.
    case aborted(PortFailure)
    /// Nobody knows whether it is committed (rule 7).
    case unknown(PortFailure)
    /// The producer is of no use any more (rule 7).
    case fatal(PortFailure)
}

/// A transaction that is committed; only the planner says so.
package struct CommittedTransaction: Sendable {
    /// What it wrote, in order.
    package let entries: [TransactionEntry]
    /// The next offset to accept of each lease concerned.
    package let offsets: [Lease: Offset]
    /// How many records that were.
    package let records: Int
    /// When its commit began.
    package let began: MonotonicTime

    init(_ transaction: Transaction, records: Int, began: MonotonicTime) {
        self.entries = transaction.entries
        self.offsets = transaction.offsets
        self.records = records
        self.began = began
    }

    /// The intent that one of its entries announces; `nil` for an entry that announces none.
    package func intent(of entry: TransactionEntry) -> CommittedIntent? {
        guard let subject = entry.announces, let lease = entry.writer else { return nil }
        return CommittedIntent(lease: lease, subject: subject, began: self.began)
    }
}

/// Says that the intent of a creating call, or of a change by a clean-up, is committed, and when its commit began.
///
/// Only a `CommittedTransaction` gives one, and no such call starts without one (rules 5 and 21).
package struct CommittedIntent: Sendable, Equatable {
    /// The journal partition's lease under which it was committed.
    package let lease: Lease
    /// What it announces.
    package let subject: Subject
    /// When its commit began.
    package let began: MonotonicTime

    /// What an intent announces.
    package enum Subject: Sendable, Equatable {
        /// The creating call of a step.
        case creation(CreatingStep)
        /// One change by the clean-up of a rollout that has ended.
        case cleanUp
    }

    fileprivate init(lease: Lease, subject: Subject, began: MonotonicTime) {
        self.lease = lease
        self.subject = subject
        self.began = began
    }
}

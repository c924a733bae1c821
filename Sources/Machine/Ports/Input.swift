// SPDX-License-Identifier: Apache-2.0

package import HTTPValues
package import Rollouts
package import Values
package import WorkbenchAPI

/// What has happened: a past fact, told once.
///
/// Nothing in it is a handle to anything, so that a simulation can make it, store it and tell it again.
package enum Input: Sendable {
    /// Something that the consumer group said.
    case group(GroupFact)
    /// Something that the journal's clients said.
    case journal(JournalFact)
    /// Commands were read, or could not be.
    case commands(CommandsReadID, Result<CommandBatch, PortFailure>)
    /// Requests to the workbench have ended.
    case workbench([WorkbenchAnswer])
    /// The time that a turn asked for has come.
    case woke
    /// The worker is to end in order, by then.
    case stop(by: MonotonicTime)
}

/// What the group's port tells.
package enum GroupFact: Sendable {
    /// Partitions were gained; nothing of theirs is read before an order says so.
    case assigned([ReadPartition], GroupMembership)
    /// The group went through a rebalance: the older membership is stale, the partitions are as they were.
    case membershipChanged(GroupMembership)
    /// The group wants partitions back, and waits until the revocation is let go.
    case revoking([ReadPartition], RevocationID)
    /// Others may own these partitions already; there is no membership until partitions are assigned again.
    case lost([ReadPartition])
    /// Records, in order, read under the lease of the newest order to read their partition.
    case records(Lease, [IntakeEntry])
    /// The place of a partition was looked up, or could not be.
    case located(Lease, Result<Location, PortFailure>)
    /// The position, as committed or ordered, is outside the partition: reading goes on at its oldest record.
    case offsetOutOfRange(ReadPartition, Offset)
    /// Where the partitions end now, and how far reading has come.
    case ends([ReadPartition: ReadProgress])
    /// An error that belongs to no order.
    case failed(PortFailure)
}

/// How far reading has come in a partition.
package struct ReadProgress: Sendable, Equatable {
    /// One past the newest record, open transactions included.
    package var end: Offset
    /// One past the last record delivered; `nil` before the first.
    package var delivered: Offset?
    /// The newest end that reading has met: places that transactions take and nobody sees lie before it.
    package var met: Offset?

    /// Creates progress.
    package init(end: Offset, delivered: Offset? = nil, met: Offset? = nil) {
        self.end = end
        self.delivered = delivered
        self.met = met
    }
}

/// What the journal's port tells.
package enum JournalFact: Sendable {
    /// A journal partition was read, or could not be.
    case restored(Lease, Result<RestoreFacts, PortFailure>)
    /// A journal partition can't be read on from an offset while a transaction is open there; told about once a second.
    case heldBack(Lease, Offset)
    /// First starts that journal partition 0 holds.
    case topicStarts(Result<[String: TopicStart], PortFailure>)
    /// A transaction has ended.
    case commitEnded(TransactionID, CommitOutcome)
    /// The producer was replaced.
    case producerReady
    /// The producer can't be replaced, and only a person can change that.
    case producerFailed(PortFailure)
}

/// Names one order to read commands.
package struct CommandsReadID: Hashable, Sendable {
    /// Counts the orders of this process.
    package let number: UInt64

    /// Creates a name.
    package init(number: UInt64) { self.number = number }
}

/// Commands that stand in a row.
package struct CommandBatch: Sendable {
    /// The commands, in order; at least one.
    package var entries: [CommandEntry]
    /// The offset after the last of them.
    package var next: Offset
    /// The oldest offset that the topic keeps, where that lies behind what was asked for.
    package var oldest: Offset?

    /// Creates a batch.
    package init(entries: [CommandEntry], next: Offset, oldest: Offset? = nil) {
        self.entries = entries
        self.next = next
        self.oldest = oldest
    }
}

/// The end of one request to the workbench.
package struct WorkbenchAnswer: Sendable {
    /// What came of it.
    package enum Outcome: Sendable {
        /// A response of any status, without the API key in it.
        case response(HTTPResponse)
        /// There is none.
        case failure(HTTPFailure)
        /// It was not sent, since there is no key to send it with.
        case keyMissing(CredentialFailure)
    }

    /// The request.
    package var id: RequestID
    /// What came of it.
    package var outcome: Outcome

    /// Creates an answer.
    package init(id: RequestID, _ outcome: Outcome) {
        self.id = id
        self.outcome = outcome
    }
}

/// Names one request of this process.
package struct RequestID: Hashable, Sendable {
    /// Counts the requests.
    package let number: UInt64

    /// Creates a name.
    package init(number: UInt64) { self.number = number }
}

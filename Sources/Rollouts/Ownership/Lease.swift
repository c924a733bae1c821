// SPDX-License-Identifier: Apache-2.0

package import Values

/// A topic that the worker reads: one of the event topics, or the inbox.
///
/// A small number rather than a name, because every record, journal entry and call carries one.
package enum ReadTopic: Hashable, Sendable, Comparable {
    /// `deployments.inbox`: whoever holds one of its partitions owns the journal partition of the same number.
    case inbox
    /// An event topic, by its index in the configured list.
    case events(Int)
}

/// One partition that the worker reads.
package struct ReadPartition: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Topic.
    package let topic: ReadTopic
    /// Partition of it.
    package let partition: Partition

    /// Names a partition.
    package init(_ topic: ReadTopic, _ partition: Partition) {
        self.topic = topic
        self.partition = partition
    }

    /// Names a partition of the inbox.
    package static func inbox(_ partition: Partition) -> ReadPartition { ReadPartition(.inbox, partition) }

    /// Whether it belongs to the inbox, so that a journal partition goes with it.
    package var isInbox: Bool { self.topic == .inbox }

    package static func < (left: ReadPartition, right: ReadPartition) -> Bool {
        (left.topic, left.partition.rawValue) < (right.topic, right.partition.rawValue)
    }

    /// `inbox-3`, `events0-7`.
    package var description: String {
        switch self.topic {
        case .inbox: "inbox-\(self.partition.rawValue)"
        case .events(let index): "events\(index)-\(self.partition.rawValue)"
        }
    }
}

/// The right to act for one partition, from one assignment or restore of it to the next.
///
/// Everything that is done for a partition carries the whole lease: what was read, decided or sent under an older one is
/// recognised by comparing two leases, and never by a number of its own. `PartitionOwnership` alone grants them.
package struct Lease: Hashable, Sendable {
    /// What it is a right to.
    package let subject: ReadPartition
    /// Counts the leases that this process was granted; no two are alike.
    package let epoch: UInt64

    /// Creates a lease; for `PartitionOwnership`, and for tests of the ports.
    package init(_ subject: ReadPartition, epoch: UInt64) {
        self.subject = subject
        self.epoch = epoch
    }

    /// The partition's number, for an inbox partition that of its journal, too.
    package var partition: Partition { self.subject.partition }
}

/// Names one revocation; the group waits until it is let go.
package struct RevocationID: Hashable, Sendable {
    /// Counts the revocations of this process.
    package let number: UInt64

    /// Creates a name.
    package init(number: UInt64) { self.number = number }

    /// Numbers from here on are no revocations of the group's.
    private static let firstRenewal = UInt64(1) << 63

    /// Names the giving up of a partition that this worker keeps, and begins anew.
    init(renewal number: UInt64) { self.number = Self.firstRenewal + number }

    /// Whether the group knows nothing of it.
    package var isRenewal: Bool { self.number >= Self.firstRenewal }
}

// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Values

@testable import Rollouts

/// Transactions and journal records as a worker would write them.
enum Crafted {
    /// A transaction that commits offsets and nothing else.
    static func positions(_ offsets: [Lease: Offset], _ membership: GroupMembership, id: UInt64 = 1) -> Transaction {
        Transaction(
            id: TransactionID(number: id),
            entries: [TransactionEntry(.position)],
            offsets: offsets,
            membership: membership
        )
    }

    /// A transaction that writes steps of rollouts into a lease's journal partition.
    static func steps(
        _ numbers: [UInt64],
        _ lease: Lease,
        next: Offset = 0,
        _ membership: GroupMembership,
        id: UInt64 = 1
    ) -> Transaction {
        Transaction(
            id: TransactionID(number: id),
            entries: numbers.map { self.step($0, lease) },
            offsets: [lease: next],
            membership: membership
        )
    }

    /// A step of the rollout of that number.
    ///
    /// - Parameters:
    ///   - number: The number.
    ///   - lease: Of the journal partition that it is written to.
    ///   - bytes: How many more the record has.
    /// - Returns: The step, to be put into a transaction.
    static func step(_ number: UInt64, _ lease: Lease, bytes: Int = 0) -> TransactionEntry {
        let record = Coordinator.Record(
            ticket: number,
            partition: lease.partition,
            rollout: self.state(number, lease.partition, bytes: bytes),
            publishes: false,
            lane: nil
        )
        return TransactionEntry(.step(record), writer: lease)
    }

    /// A rollout of that number.
    static func state(_ number: UInt64, _ partition: Partition, bytes: Int = 0) -> RolloutState {
        RolloutState(
            id: RolloutID(high: 1, low: number),
            partition: partition,
            origin: Origin(topic: "events", partition: partition, offset: 0),
            event: EventReference(id: "\(number)", source: "/test" + Noise.text(bytes), time: nil),
            plan: RolloutPlan(
                route: "all",
                run: RunReference(projectID: "p", experimentID: "e", runID: "r\(number)"),
                modelName: "m",
                artifactPath: "",
                runtime: .identifier("runtime")
            ),
            acceptedAt: .epoch
        )
    }

    /// The journal record of a rollout, as another process writes it.
    static func record(_ number: UInt64, _ partition: Partition, _ topics: TopicNames) -> ProducerRecord {
        let writer = JournalRecord.Writer(process: "another", generation: 1)
        let record = JournalRecord(self.state(number, partition), writer: writer)
        return ProducerRecord(
            topic: topics.journal,
            partition: partition,
            key: record.key,
            value: record.value,
            headers: record.headers
        )
    }

    /// A dead letter.
    static let letter = TransactionEntry(
        .dead(
            OriginalRecord(origin: Origin(topic: "events", partition: 0, offset: 0), value: [1]),
            DeadLetterReason(.foreignInboxRecord, "a test's"),
            at: .epoch,
            maximumBytes: 10_000
        )
    )
}

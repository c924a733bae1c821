// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Values

/// One transaction's worth of journal items, as Kafka records and offsets.
struct JournalBatch: Sendable {
    /// Topics that the worker writes to.
    struct Topics: Sendable {
        var events: String
        var status: String
        var journal: String
        var dead: String
    }

    /// What every status event says besides its rollout.
    struct StatusContext: Sendable {
        /// CloudEvents `source`.
        var source: String
        /// Where deployed models are served.
        var endpointURL: String
    }

    /// The items, in order.
    var items: [JournalItem]
    /// Their records.
    private(set) var records: [ProducerRecord] = []
    /// Which item a record belongs to, by the record's index.
    private(set) var owners: [Int] = []
    /// The next offset to accept of each partition concerned.
    private(set) var offsets: [TopicPartition: Offset] = [:]

    /// Writes the items down.
    ///
    /// Rule 1: every partition whose journal is written gives an offset, else the brokers would not check that it is
    /// still ours.
    init(
        items: [JournalItem],
        topics: Topics,
        writer: JournalRecord.Writer,
        status: StatusContext,
        position: (Partition) -> Offset?
    ) throws {
        self.items = items
        for (index, item) in items.enumerated() {
            for record in try Self.records(of: item, topics: topics, writer: writer, status: status) {
                self.records.append(record)
                self.owners.append(index)
            }
            let partition = TopicPartition(topics.events, item.partition)
            if let next = item.next ?? self.offsets[partition] ?? position(item.partition) {
                self.offsets[partition] = next
            }
        }
    }

    /// The transaction that writes it.
    ///
    /// - Parameters:
    ///   - membership: Proves that the offsets' partitions are ours.
    ///   - isFenced: Whether a broker has to check that; `false` only where a test takes that away.
    /// - Returns: What the producer performs.
    func transaction(_ membership: GroupMembership, isFenced: Bool) -> TransactionBatch {
        var transaction = TransactionBatch(records: self.records, offsets: self.offsets, membership: membership)
        transaction.mayBeUnfenced = !isFenced
        return transaction
    }

    private static func records(
        of item: JournalItem,
        topics: Topics,
        writer: JournalRecord.Writer,
        status: StatusContext
    ) throws -> [ProducerRecord] {
        switch item.content {
        case .accepted(let state):
            return [
                ProducerRecord(try JournalRecord(state, writer: writer), topic: topics.journal, item.partition),
                Self.status(state, topics: topics, status),
            ]
        case .step(let step):
            var records = [
                ProducerRecord(try JournalRecord(step.rollout, writer: writer), topic: topics.journal, item.partition)
            ]
            if let lane = step.lane {
                records.append(
                    ProducerRecord(try JournalRecord(lane, writer: writer), topic: topics.journal, item.partition)
                )
            }
            if step.publishes { records.append(Self.status(step.rollout, topics: topics, status)) }
            if step.reportsOrphans {
                records.append(StatusFacts(step.rollout).orphanReport(source: status.source, topic: topics.status))
            }
            return records
        case .dead(let record, let reason, let time, let maximumBytes):
            return [
                DeadLetter.record(record, reason: reason, time: time, topic: topics.dead, maximumBytes: maximumBytes)
            ]
        case .forwarded(let record, _, _, _): return [record]
        case .forgotten(let forgetting):
            return forgetting.ids.map { id in
                ProducerRecord(JournalRecord(tombstoneOf: id, writer: writer), topic: topics.journal, item.partition)
            }
        case .begun(isFirst: true):
            guard let position = item.next else { preconditionFailure("taken over without a position") }
            let note = JournalRecord(begunAt: position, writer: writer)
            return [ProducerRecord(note, topic: topics.journal, item.partition)]
        case .begun(isFirst: false), .repeated: return []
        }
    }

    private static func status(_ state: RolloutState, topics: Topics, _ status: StatusContext) -> ProducerRecord {
        let isUp = state.phase == .verifying || state.phase == .deployed
        let facts = StatusFacts(state, endpointURL: isUp ? status.endpointURL : nil)
        return facts.record(source: status.source, topic: topics.status)
    }
}

extension ProducerRecord {
    /// A journal record, written to the partition of the event that it belongs to, not to the key's own.
    init(_ record: JournalRecord, topic: String, _ partition: Partition) {
        self.init(
            topic: topic,
            partition: partition,
            key: record.key,
            value: record.value,
            headers: record.headers.map { RecordHeader($0.name, $0.value) }
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts

/// One transaction's worth of journal items, as Kafka records and offsets.
struct JournalBatch: Sendable {
    /// Topics that the worker writes to.
    struct Topics: Sendable {
        var events: String
        var status: String
        var journal: String
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
        statusSource: String,
        position: (Int32) -> Offset?
    ) throws {
        self.items = items
        for (index, item) in items.enumerated() {
            for record in try Self.records(of: item, topics: topics, writer: writer, statusSource: statusSource) {
                self.records.append(record)
                self.owners.append(index)
            }
            let partition = TopicPartition(topics.events, item.partition)
            if let next = item.next ?? self.offsets[partition] ?? position(item.partition) {
                self.offsets[partition] = next
            }
        }
    }

    private static func records(
        of item: JournalItem,
        topics: Topics,
        writer: JournalRecord.Writer,
        statusSource: String
    ) throws -> [ProducerRecord] {
        switch item.content {
        case .accepted(let state):
            return [
                ProducerRecord(try JournalRecord(state, writer: writer), topic: topics.journal, item.partition),
                Self.status(state, topics: topics, source: statusSource),
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
            if step.publishes { records.append(Self.status(step.rollout, topics: topics, source: statusSource)) }
            return records
        case .dead(let record), .forwarded(let record): return [record]
        case .repeated: return []
        }
    }

    private static func status(_ state: RolloutState, topics: Topics, source: String) -> ProducerRecord {
        ProducerRecord(StatusFacts(state).record(source: source), topic: topics.status)
    }
}

extension ProducerRecord {
    /// A journal record, written to the partition of the event that it belongs to, not to the key's own.
    init(_ record: JournalRecord, topic: String, _ partition: Int32) {
        self.init(
            topic: topic,
            partition: Partition(rawValue: partition),
            key: record.key,
            value: record.value,
            headers: record.headers.map { Header(key: $0.name, value: $0.value) }
        )
    }
}

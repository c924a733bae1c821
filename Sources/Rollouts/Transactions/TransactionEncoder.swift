// SPDX-License-Identifier: Apache-2.0

package import Values

/// A transaction as records.
package struct EncodedTransaction: Sendable {
    /// Its records, in order.
    package fileprivate(set) var records: [ProducerRecord] = []
    /// Which entry a record belongs to, by the record's index.
    package fileprivate(set) var owners: [Int] = []
    /// Entries of which a record is larger than its topic takes.
    package fileprivate(set) var oversized: Set<Int> = []

    init() {}
}

/// Writes transactions down: journal records, status events, dead letters and inbox records of their entries.
///
/// Pure; called by the one who commits, on a thread of its own.
package struct TransactionEncoder: Sendable {
    /// The largest records that the topics take, key, value and header fields together.
    package struct Limits: Sendable, Equatable {
        /// Of journal and status.
        package var records: Int
        /// Of the inbox.
        package var inbox: Int

        /// Creates limits.
        package init(records: Int, inbox: Int) {
            self.records = records
            self.inbox = inbox
        }
    }

    private let topics: TopicNames
    private let process: String
    /// CloudEvents `source` of every status event.
    private let source: String
    /// Where deployed models are served.
    private let endpointURL: String
    private let limits: Limits

    /// Creates an encoder.
    ///
    /// - Parameters:
    ///   - topics: Names of the topics.
    ///   - process: Transactional id of the process, which every journal record names.
    ///   - source: CloudEvents `source` of the status events.
    ///   - endpointURL: Where deployed models are served.
    ///   - limits: The largest records that the topics take.
    package init(topics: TopicNames, process: String, source: String, endpointURL: String, limits: Limits) {
        self.topics = topics
        self.process = process
        self.source = source
        self.endpointURL = endpointURL
        self.limits = limits
    }

    /// Writes a transaction down.
    package func encode(_ transaction: Transaction) -> EncodedTransaction {
        let writer = JournalRecord.Writer(process: self.process, generation: transaction.membership.generation)
        var encoded = EncodedTransaction()
        encoded.records.reserveCapacity(transaction.entries.count * 2)
        encoded.owners.reserveCapacity(transaction.entries.count * 2)
        let entries = transaction.entries.span
        for index in entries.indices {
            self.write(entries[index], writer, to: &encoded.records)
            while encoded.owners.count < encoded.records.count {
                if self.isOversized(encoded.records[encoded.owners.count]) { encoded.oversized.insert(index) }
                encoded.owners.append(index)
            }
        }
        return encoded
    }

    /// A record that means nothing but its place, for a partition where a transaction may have been left open.
    ///
    /// Other programs read statuses and dead letters: for them it is an event of a type of its own.
    package func barrier(for place: TopicPartition, at time: Timestamp) -> ProducerRecord {
        guard place.topic == self.topics.status || place.topic == self.topics.dead else {
            return Barrier.record(for: place)
        }
        let barrier = BarrierEvent(place: place, time: time)
        return barrier.record(source: self.source, process: self.process)
    }

    private func isOversized(_ record: ProducerRecord) -> Bool {
        // A dead letter is cut to what its topic takes where it is made.
        guard record.topic != self.topics.dead else { return false }
        let limit = record.topic == self.topics.inbox ? self.limits.inbox : self.limits.records
        return record.maximumSizeBytes > limit
    }

    private func write(
        _ entry: TransactionEntry,
        _ writer: JournalRecord.Writer,
        to records: inout [ProducerRecord]
    ) {
        switch entry.content {
        case .accepted(let state, _):
            records.append(self.journal(JournalRecord(state, writer: writer), entry))
            records.append(self.status(state))
        case .movedIn(let state):
            records.append(self.journal(JournalRecord(state, writer: writer), entry))
            if state.phase.isTerminal { records.append(self.status(state)) }
        case .movedOut(let move):
            records.append(self.journal(JournalRecord(moved: move, writer: writer), entry))
            records.append(Forwarding.record(move, inbox: self.topics.inbox))
        case .step(let step): self.write(step, entry, writer, to: &records)
        case .dead(let record, let reason, let time, let maximumBytes):
            records.append(
                DeadLetter.record(
                    record,
                    reason: reason,
                    time: time,
                    topic: self.topics.dead,
                    maximumBytes: maximumBytes
                )
            )
        case .forwarded(let event, _): records.append(Forwarding.record(event, inbox: self.topics.inbox))
        case .forgotten(let forgetting):
            for id in forgetting.ids {
                records.append(self.journal(JournalRecord(tombstoneOf: id, writer: writer), entry))
            }
        case .start(let start): records.append(self.journal(JournalRecord(start, writer: writer), entry))
        case .command(let outcome, let state, let position, _):
            if let state {
                records.append(self.journal(JournalRecord(state, writer: writer), entry))
                records.append(self.status(state))
                let done = DoneCommand(.init(state), at: outcome.time)
                records.append(self.journal(JournalRecord(done, id: outcome.head.id, writer: writer), entry))
            }
            records.append(outcome.record(source: self.source, topic: self.topics.status))
            records.append(self.journal(JournalRecord(position, writer: writer), entry))
        case .commandsRead(let position):
            records.append(self.journal(JournalRecord(position, writer: writer), entry))
        case .commandsForgotten(let names):
            for name in names {
                records.append(self.journal(JournalRecord(tombstoneOf: name, writer: writer), entry))
            }
        case .room(let notice, let partitions):
            for partition in partitions {
                records.append(Forwarding.record(notice, to: partition, inbox: self.topics.inbox))
            }
        case .position, .repeated: break
        }
    }

    private func write(
        _ step: Coordinator.Record,
        _ entry: TransactionEntry,
        _ writer: JournalRecord.Writer,
        to records: inout [ProducerRecord]
    ) {
        records.append(self.journal(JournalRecord(step.rollout, writer: writer), entry))
        if let lane = step.lane { records.append(self.journal(JournalRecord(lane, writer: writer), entry)) }
        if step.publishes { records.append(self.status(step.rollout)) }
        if step.reportsOrphans {
            records.append(StatusFacts(step.rollout).orphanReport(source: self.source, topic: self.topics.status))
        }
    }

    /// A journal record, written to the partition that the entry's lease is a right to, not to the key's own.
    private func journal(_ record: JournalRecord, _ entry: TransactionEntry) -> ProducerRecord {
        guard let writer = entry.writer else { preconditionFailure("a journal record of an entry without a lease") }
        return ProducerRecord(
            topic: self.topics.journal,
            partition: writer.partition,
            key: record.key,
            value: record.value,
            headers: record.headers
        )
    }

    private func status(_ state: RolloutState) -> ProducerRecord {
        let isUp = state.phase == .verifying || state.phase == .deployed
        let facts = StatusFacts(state, endpointURL: isUp ? self.endpointURL : nil)
        return facts.record(source: self.source, topic: self.topics.status)
    }
}

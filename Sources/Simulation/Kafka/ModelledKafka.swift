// SPDX-License-Identifier: Apache-2.0

package import Values

/// A Kafka cluster as its clients see it: logs, transactions, consumer groups, and no network.
///
/// Every request takes effect at once; who calls it decides when it arrives, how often, and whether the answer is heard. It
/// traps where it is asked for what it does not model: it never guesses. What it assumes of a genuine one, each held by a
/// test of its own:
/// - a transaction's offsets are checked against the group's members and generation, and nothing else of it is;
/// - a committed offset of an open transaction is unstable, and hidden behind the older one once that is aborted;
/// - taking a transactional id over fences the producer before it and aborts its transaction;
/// - without KIP-890 a late copy of a request acts on whichever transaction its producer has open then.
package final class ModelledKafka {
    struct Topic {
        let name: String
        var logs: [PartitionLog]
        var maximumRecordBytes = 1_000_000
    }

    private(set) var topics: [Topic] = []
    private(set) var transactions: [ModelledTransaction] = []
    private(set) var producers: [String: ModelledProducer] = [:]
    /// Transactional ids in the order of their first use, since a dictionary has none that two processes share.
    private var producerOrder: [String] = []
    package private(set) var groups: [ModelledGroup] = []
    /// Partitions in which more can be read than when this was last taken.
    package private(set) var advanced: [LogID] = []
    private var lastProducerNumber = 0

    /// Creates a cluster without topics.
    package init() {}

    // MARK: Topics

    /// Makes a topic.
    ///
    /// - Returns: Its number.
    package func addTopic(_ name: String, partitions: Int, maximumRecordBytes: Int = 1_000_000) -> Int {
        let logs = Array(repeating: PartitionLog(), count: partitions)
        self.topics.append(Topic(name: name, logs: logs, maximumRecordBytes: maximumRecordBytes))
        return self.topics.count - 1
    }

    /// Partitions of a topic.
    package func partitionCount(of topic: Int) -> Int { self.topics[topic].logs.count }

    /// Adds partitions to a topic; groups see them when their members look next.
    package func grow(_ topic: Int, to count: Int) {
        while self.topics[topic].logs.count < count { self.topics[topic].logs.append(PartitionLog()) }
    }

    /// Deletes a topic and makes it again: its records are gone, and groups forget their offsets in it.
    package func remake(_ topic: Int) {
        for partition in self.topics[topic].logs.indices { self.topics[topic].logs[partition].remake() }
        for group in self.groups.indices { self.groups[group].forgetOffsets { $0.topic == topic } }
    }

    /// Drops the oldest records of a partition, as retention does.
    package func trim(_ log: LogID, to offset: Int64) { self.topics[log.topic].logs[log.partition].trim(to: offset) }

    /// Takes a partition's leader away until a time.
    package func loseLeader(of log: LogID, until time: MonotonicTime) {
        self.topics[log.topic].logs[log.partition].leaderlessUntil = time
    }

    /// The number of a topic.
    package func topic(named name: String) -> Int {
        guard let index = self.topics.firstIndex(where: { $0.name == name }) else {
            preconditionFailure("the modelled Kafka has no topic '\(name)'")
        }
        return index
    }

    /// One partition's log.
    package subscript(log: LogID) -> PartitionLog { self.topics[log.topic].logs[log.partition] }

    /// Whether the partition answers now.
    package func hasLeader(_ log: LogID, now: MonotonicTime) -> Bool {
        self.topics[log.topic].logs[log.partition].leaderlessUntil <= now
    }

    // MARK: Records

    /// Appends a record outside any transaction.
    ///
    /// - Returns: Its offset.
    @discardableResult
    package func append(_ record: PartitionLog.Record, to log: LogID) -> Int64 {
        let offset = self.topics[log.topic].logs[log.partition].high
        self.topics[log.topic].logs[log.partition].append(record)
        self.note(log)
        return offset
    }

    func note(_ log: LogID) {
        if !self.advanced.contains(log) { self.advanced.append(log) }
    }

    /// Takes the partitions in which more can be read now.
    package func takeAdvanced() -> [LogID] {
        guard !self.advanced.isEmpty else { return [] }
        defer { self.advanced.removeAll(keepingCapacity: true) }
        return self.advanced
    }

    /// Reads records as a `read_committed` reader gets them.
    ///
    /// - Parameters:
    ///   - log: The partition.
    ///   - offset: Where to begin; not before the oldest kept.
    ///   - end: Where to stop at the latest.
    ///   - limit: The most records.
    ///   - body: Takes each record with its offset.
    /// - Returns: One past the last place looked at.
    package func read(
        _ log: LogID,
        from offset: Int64,
        to end: Int64,
        limit: Int,
        _ body: (Int64, PartitionLog.Record) -> Void
    ) -> Int64 {
        let stable = min(end, self.topics[log.topic].logs[log.partition].lastStable)
        var (next, count) = (offset, 0)
        while next < stable, count < limit {
            let entry = self.topics[log.topic].logs[log.partition].entry(at: next)
            if let record = entry.record, self.isVisible(entry.transaction) {
                body(next, record)
                count += 1
            }
            next += 1
        }
        return next
    }

    /// Whether a reader that begins there will meet a record, once all that is open has ended.
    func hasRecords(_ log: LogID, from offset: Int64) -> Bool {
        let partition = self.topics[log.topic].logs[log.partition]
        var next = max(offset, partition.low)
        while next < partition.high {
            let entry = partition.entry(at: next)
            if entry.record != nil {
                guard entry.transaction >= 0 else { return true }
                if self.transactions[entry.transaction].outcome != .aborted { return true }
            }
            next += 1
        }
        return false
    }

    private func isVisible(_ transaction: Int) -> Bool {
        transaction < 0 || self.transactions[transaction].outcome == .committed
    }

    // MARK: Groups

    /// Makes a consumer group.
    ///
    /// - Returns: Its number.
    package func addGroup(_ name: String, subscribing topics: [Int], settings: ModelledGroup.Settings) -> Int {
        var group = ModelledGroup(name: name, subscribed: topics, settings: settings)
        group.see(self.subscribedLogs(of: topics))
        self.groups.append(group)
        return self.groups.count - 1
    }

    private func subscribedLogs(of topics: [Int]) -> [LogID] {
        topics.flatMap { topic in self.topics[topic].logs.indices.map { LogID(topic: topic, partition: $0) } }
    }

    /// Changes a group.
    package func withGroup<Result>(_ number: Int, _ body: (inout ModelledGroup) -> Result) -> Result {
        body(&self.groups[number])
    }

    /// The leader of a group looks at the topics again; partitions that have come start a rebalance.
    package func refreshMetadata(of group: Int, now: MonotonicTime) {
        let logs = self.subscribedLogs(of: self.groups[group].subscribed)
        self.groups[group].metadataChanged(to: logs, now: now)
    }

    // MARK: Transactions

    /// Takes a transactional id over: `InitProducerId`.
    ///
    /// The producer before it is fenced, and what it has open is aborted.
    package func initProducer(_ id: String, timeout: Span, now: MonotonicTime) -> ProducerIdentity {
        if let producer = self.producers[id] {
            if let open = producer.open { self.end(open, committed: false) }
            let identity = ProducerIdentity(
                id: id,
                number: producer.identity.number,
                epoch: producer.identity.epoch + 1
            )
            self.producers[id] = ModelledProducer(identity: identity, timeout: timeout)
            return identity
        }
        self.lastProducerNumber += 1
        let identity = ProducerIdentity(id: id, number: self.lastProducerNumber, epoch: 0)
        self.producers[id] = ModelledProducer(identity: identity, timeout: timeout)
        self.producerOrder.append(id)
        return identity
    }

    private func checked(_ identity: ProducerIdentity) throws(BrokerRefusal) -> ModelledProducer {
        guard let producer = self.producers[identity.id], producer.identity == identity else { throw .fenced }
        return producer
    }

    private func begin(_ producer: ModelledProducer, now: MonotonicTime) -> Int {
        if let open = producer.open { return open }
        self.transactions.append(ModelledTransaction(producer: producer.identity.id, began: now))
        let number = self.transactions.count - 1
        self.producers[producer.identity.id]?.open = number
        return number
    }

    /// Writes records in the producer's transaction, which begins with them: all, or none.
    ///
    /// - Throws: `BrokerRefusal` where one of them can't be written.
    package func produce(
        _ records: [ProducerRecord],
        by identity: ProducerIdentity,
        wall: Timestamp,
        now: MonotonicTime
    ) throws(BrokerRefusal) {
        let producer = try self.checked(identity)
        var places: [LogID] = []
        places.reserveCapacity(records.count)
        for (index, record) in records.enumerated() {
            let log = self.place(of: record)
            guard self.hasLeader(log, now: now) else { throw .noLeader }
            guard record.maximumSizeBytes <= self.topics[log.topic].maximumRecordBytes else {
                throw .tooLarge(record: index)
            }
            places.append(log)
        }
        let transaction = self.begin(producer, now: now)
        for (record, log) in zip(records, places) {
            let stored = PartitionLog.Record(
                key: record.key,
                value: record.value,
                headers: record.headers,
                timestamp: record.timestamp ?? wall
            )
            self.topics[log.topic].logs[log.partition].append(stored, transaction: transaction)
            self.transactions[transaction].touch(log)
        }
    }

    /// Where the partitioner puts a record.
    package func place(of record: ProducerRecord) -> LogID {
        let topic = self.topic(named: record.topic)
        if let partition = record.partition {
            precondition(
                Int(partition.rawValue) < self.topics[topic].logs.count,
                "a record for partition \(partition) of '\(record.topic)', which has none such"
            )
            return LogID(topic: topic, partition: Int(partition.rawValue))
        }
        let count = self.topics[topic].logs.count
        // Without a key librdkafka draws one; a model needs no chance here.
        guard let key = record.key else { return LogID(topic: topic, partition: 0) }
        return LogID(
            topic: topic,
            partition: Int(Partitioning.ownerPartition(forKey: key, count: count).rawValue)
        )
    }

    /// Commits offsets in the producer's transaction: `AddOffsetsToTxn` and `TxnOffsetCommit`.
    ///
    /// The only place at which membership is looked at.
    package func sendOffsets(
        _ offsets: [(log: LogID, offset: Int64)],
        group: Int,
        member: Int?,
        generation: Int32,
        by identity: ProducerIdentity,
        now: MonotonicTime
    ) throws(BrokerRefusal) {
        let producer = try self.checked(identity)
        // An empty list is sent by nobody, and so checked by nobody.
        guard !offsets.isEmpty else { return }
        let transaction = self.begin(producer, now: now)
        // Without a generation and a member id the broker accepts it unchecked.
        if let member { try self.groups[group].check(member: member, generation: generation) }
        self.transactions[transaction].offsets.append(
            ModelledTransaction.Offsets(group: group, offsets: offsets)
        )
        self.groups[group].hold(offsets, for: transaction)
    }

    /// Ends the producer's transaction: `EndTxn`.
    ///
    /// One that was ended the same way already is ended once more with success, as resent requests are.
    package func endTransaction(
        _ identity: ProducerIdentity,
        committing: Bool
    ) throws(BrokerRefusal) {
        let producer = try self.checked(identity)
        guard let open = producer.open else {
            guard producer.lastOutcome == (committing ? .committed : .aborted) else { throw .noTransaction }
            return
        }
        self.end(open, committed: committing)
    }

    private func end(_ number: Int, committed: Bool) {
        let id = self.transactions[number].producer
        self.transactions[number].outcome = committed ? .committed : .aborted
        for log in self.transactions[number].logs {
            self.topics[log.topic].logs[log.partition].end(number)
            self.note(log)
        }
        for sent in self.transactions[number].offsets {
            self.groups[sent.group].settle(sent.offsets, of: number, committed: committed)
        }
        self.producers[id]?.open = nil
        self.producers[id]?.lastOutcome = committed ? .committed : .aborted
    }

    // MARK: Time

    /// Aborts transactions that have been open for too long, and fences their producers.
    package func expireTransactions(now: MonotonicTime) {
        for id in self.producerOrder {
            guard let producer = self.producers[id], let open = producer.open,
                self.transactions[open].began + producer.timeout <= now
            else { continue }
            self.end(open, committed: false)
            self.producers[id]?.identity.epoch += 1
        }
    }

    /// Transactions that are not ended, for tests and quiet points.
    package var openTransactions: Int { self.transactions.count { $0.outcome == .open } }
}

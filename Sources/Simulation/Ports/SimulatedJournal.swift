// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Values

/// The journal's port over the modelled Kafka: a transactional producer, and readers of journal partitions.
///
/// A transaction is three requests and an answer, each an event of its own, so that a crash, a freeze or a rebalance can come
/// between any two of them.
final class SimulatedJournal: JournalPort {
    fileprivate enum Reading {
        case restore(Lease, target: Int64?)
        case topicStarts(target: Int64?)
    }

    /// A transaction on its way.
    private struct UnderWay {
        let transaction: Transaction
        let encoded: EncodedTransaction
        var outcome: CommitOutcome?
    }

    /// What the port does for its promises; all of it, but where a sabotage takes one away.
    struct Habits {
        /// Rule 1.
        var sendsOffsets = true
        /// Rule 3.
        var renewsMembership = true
        /// Rule 4.
        var readsToTheEnd = true
        var restores = true
        /// Rule 7.
        var admitsUnknown = true
        /// Rule 10.
        var blamesRecords = true
        /// Rule 19.
        var renewsSuspects = true
    }

    var habits = Habits()
    let context: ClientContext
    let encoder: TransactionEncoder
    let group: SimulatedGroup
    let transactionalID: String
    let transactionTimeout: Span
    let faults: CommitFaults
    private(set) var identity: ProducerIdentity
    private var readings: [Int: Reading] = [:]
    private var readingCount = 0
    private var underWay: UnderWay?
    private var transactionCount = 0
    /// Rule 19: a late copy of a request of this producer may be on its way.
    private var isSuspect = false
    private(set) var committedCount = 0
    private(set) var restoreCount = 0

    init(
        context: ClientContext,
        encoder: TransactionEncoder,
        group: SimulatedGroup,
        transactionalID: String,
        transactionTimeout: Span,
        faults: CommitFaults
    ) {
        self.context = context
        self.encoder = encoder
        self.group = group
        self.transactionalID = transactionalID
        self.transactionTimeout = transactionTimeout
        self.faults = faults
        self.identity = context.kafka.initProducer(
            transactionalID,
            timeout: transactionTimeout,
            now: context.clockwork.now
        )
    }

    private var kafka: ModelledKafka { self.context.kafka }
    private var now: MonotonicTime { self.context.clockwork.now }

    func perform(_ order: JournalOrder) {
        switch order {
        case .restore(let lease): self.begin(.restore(lease, target: nil))
        case .abandon(let lease):
            for (number, reading) in self.readings {
                if case .restore(lease, _) = reading { self.readings[number] = nil }
            }
        case .readTopicStarts: self.begin(.topicStarts(target: nil))
        case .commit(let transaction): self.commit(transaction)
        case .rebuildProducer:
            self.transactionCount += 1
            let latency = self.context.latency(2_000...20_000, "rebuild", self.transactionCount)
            self.context.clockwork.schedule(.rebuilt(process: self.context.process), after: latency)
        }
    }

    private func deliver(_ fact: JournalFact) { self.context.mailbox.deliver(.journal(fact)) }

    /// The producer has been replaced.
    func rebuilt() {
        self.renew()
        self.deliver(.producerReady)
    }

    private func renew() {
        self.isSuspect = false
        self.identity = self.kafka.initProducer(self.transactionalID, timeout: self.transactionTimeout, now: self.now)
    }

    // MARK: Transactions

    private func commit(_ transaction: Transaction) {
        precondition(self.underWay == nil, "two transactions at a time")
        self.transactionCount += 1
        let encoded = self.encoder.encode(transaction)
        self.underWay = UnderWay(transaction: transaction, encoded: encoded)
        guard encoded.oversized.isEmpty else {
            self.finish(.oversized(encoded.oversized))
            return
        }
        self.proceed(to: self.isSuspect && self.habits.renewsSuspects ? .renew : .produce)
    }

    private func proceed(to stage: CommitStage, _ microseconds: ClosedRange<Int64> = 300...4_000) {
        let latency = self.context.latency(microseconds, "commit", self.transactionCount * 8 + stage.rawValue)
        self.context.clockwork.schedule(.committing(process: self.context.process, stage: stage), after: latency)
    }

    private func finish(_ outcome: CommitOutcome) {
        self.underWay?.outcome = outcome
        self.proceed(to: .told)
    }

    /// The transaction under way comes to its next request.
    func proceed(_ stage: CommitStage) {
        guard let underWay = self.underWay else { return }
        switch stage {
        case .renew:
            self.renew()
            self.proceed(to: .produce)
        case .produce: self.produce(underWay)
        case .offsets: self.sendOffsets(underWay.transaction)
        case .end: self.end(underWay)
        case .told:
            self.underWay = nil
            guard let outcome = underWay.outcome else { preconditionFailure("a transaction without an outcome") }
            if case .committed = outcome { self.committedCount += 1 }
            self.deliver(.commitEnded(underWay.transaction.id, outcome))
        }
    }

    private func produce(_ underWay: UnderWay) {
        if let failure = self.faults.failure(of: .produce, self.now) {
            self.abort(.aborted(PortFailure(.outage, failure)))
            return
        }
        do throws(BrokerRefusal) {
            try self.kafka.produce(
                underWay.encoded.records,
                by: self.identity,
                wall: self.context.wall,
                now: self.now
            )
            self.proceed(to: .offsets)
        } catch {
            switch error {
            case .tooLarge where !self.habits.blamesRecords: self.abort(.aborted(PortFailure(.outage, "\(error)")))
            case .tooLarge(let record):
                let failure = PortFailure(.tooLarge, "MESSAGE_TOO_LARGE")
                self.abort(.refused([underWay.encoded.owners[record]: failure]))
            default: self.refused(error)
            }
        }
    }

    private func sendOffsets(_ transaction: Transaction) {
        var offsets: [(log: LogID, offset: Int64)] = []
        for (lease, offset) in transaction.offsets {
            offsets.append((self.context.topics.log(of: lease.subject), offset.rawValue))
        }
        offsets.sort { $0.log < $1.log }
        if !self.habits.sendsOffsets, transaction.entries.allSatisfy({ $0.taken == nil }) { offsets = [] }
        do throws(BrokerRefusal) {
            try self.kafka.sendOffsets(
                offsets,
                group: self.context.group,
                member: self.habits.renewsMembership
                    ? Int(transaction.membership.memberID.dropFirst("member-".count)) : self.group.member,
                generation: self.habits.renewsMembership
                    ? transaction.membership.generation : self.kafka.groups[self.context.group].generation,
                by: self.identity,
                now: self.now
            )
            self.proceed(to: .end)
        } catch {
            self.refused(error)
        }
    }

    private func end(_ underWay: UnderWay) {
        let fault = self.faults.ending(self.now)
        if !self.habits.admitsUnknown, fault == .unknownNotApplied {
            self.isSuspect = true
            self.finish(.committed(records: underWay.encoded.records.count))
            return
        }
        if fault == .unknownNotApplied {
            self.finish(.unknown(PortFailure(.outage, "commit timed out")))
            return
        }
        do throws(BrokerRefusal) {
            try self.kafka.endTransaction(self.identity, committing: true)
        } catch {
            self.refused(error)
            return
        }
        switch fault {
        case .unknownApplied: self.finish(.unknown(PortFailure(.outage, "commit timed out")))
        case .lateCopy(let delay):
            // The first copy is still on its way; the client sent another one, and heard success.
            self.isSuspect = true
            self.faults.sendLateCopy(self.identity, committing: true, after: delay)
            self.finish(.committed(records: underWay.encoded.records.count))
        case .none, .unknownNotApplied: self.finish(.committed(records: underWay.encoded.records.count))
        }
    }

    private func refused(_ refusal: BrokerRefusal) {
        switch refusal {
        case .unknownMember, .illegalGeneration:
            self.abort(.membershipLost(PortFailure(.outage, "send offsets: \(refusal)")))
        case .fenced, .noTransaction: self.finish(.fatal(PortFailure(.fatal, "\(refusal)")))
        case .noLeader: self.abort(.aborted(PortFailure(.outage, "\(refusal)")))
        case .denied(let topic): self.abort(.aborted(PortFailure(.denied(topic: topic), "\(refusal)")))
        case .tooLarge, .unstableOffset: preconditionFailure("a refusal that this request never gets: \(refusal)")
        }
    }

    private func abort(_ outcome: CommitOutcome) {
        do throws(BrokerRefusal) {
            try self.kafka.endTransaction(self.identity, committing: false)
        } catch {
            // Nothing was begun, or somebody else has ended it.
            if error == .fenced {
                self.finish(.fatal(PortFailure(.fatal, "\(error)")))
                return
            }
        }
        self.finish(outcome)
    }

    // MARK: Reading

    private func begin(_ reading: Reading) {
        self.readingCount += 1
        self.readings[self.readingCount] = reading
        self.goOn(self.readingCount, 1_000...10_000)
    }

    private func goOn(_ number: Int, _ microseconds: ClosedRange<Int64>) {
        let latency = self.context.latency(microseconds, "restore", number)
        self.context.clockwork.schedule(.restoring(process: self.context.process, order: number), after: latency)
    }

    /// A reading of a journal partition goes on: the end it has to reach, then what stands there.
    func goOn(_ number: Int) {
        guard let reading = self.readings[number] else { return }
        let (partition, target): (Int, Int64?) =
            switch reading {
            case .restore(let lease, let target): (Int(lease.partition.rawValue), target)
            case .topicStarts(let target): (0, target)
            }
        let log = LogID(topic: self.context.topics.journal, partition: partition)
        guard self.kafka.hasLeader(log, now: self.now) else {
            self.readings[number] = nil
            self.fail(reading, PortFailure(.outage, "query offsets: NOT_LEADER_FOR_PARTITION"))
            return
        }
        guard let target else {
            // Rule 4: as a reader sees it to whom open transactions are visible.
            self.readings[number] = reading.until(
                self.habits.readsToTheEnd ? self.kafka[log].high : self.kafka[log].lastStable
            )
            self.goOn(number, 1_000...20_000)
            return
        }
        guard self.kafka[log].lastStable >= target else {
            self.goOn(number, 50_000...100_000)
            return
        }
        let snapshot = self.snapshot(of: log, to: target)
        switch reading {
        case .restore(let lease, _): self.restored(number, lease, snapshot)
        case .topicStarts:
            self.readings[number] = nil
            self.deliver(.topicStarts(.success(snapshot.start?.topics ?? [:])))
        }
    }

    private func fail(_ reading: Reading, _ failure: PortFailure) {
        switch reading {
        case .restore(let lease, _): self.deliver(.restored(lease, .failure(failure)))
        case .topicStarts: self.deliver(.topicStarts(.failure(failure)))
        }
    }

    private func restored(_ number: Int, _ lease: Lease, _ snapshot: JournalSnapshot) {
        let location: Location
        do throws(BrokerRefusal) {
            location = try self.group.location(lease.subject, nil)
        } catch {
            guard error == .unstableOffset else {
                self.readings[number] = nil
                self.deliver(.restored(lease, .failure(PortFailure(.outage, "query offsets: \(error)"))))
                return
            }
            self.goOn(number, 40_000...120_000)
            return
        }
        self.readings[number] = nil
        self.restoreCount += 1
        let (count, start) = (snapshot.recordCount, snapshot.start)
        do throws(JournalSnapshot.Failure) {
            let restored = try snapshot.restored()
            let facts = RestoreFacts(restored: restored, start: start, recordCount: count, location: location)
            self.deliver(.restored(lease, .success(facts)))
        } catch {
            self.deliver(.restored(lease, .failure(PortFailure(.unreadable, error.description))))
        }
    }

    /// All but the start record is forgotten: without it the machine would refuse the journal.
    private func forgetful(_ log: LogID, to end: Int64) -> JournalSnapshot {
        var snapshot = JournalSnapshot(now: self.context.wall)
        _ = self.kafka.read(log, from: self.kafka[log].low, to: end, limit: .max) { _, record in
            if record.key == Array(StartRecord.key.utf8) { Self.add(record, to: &snapshot) }
        }
        return snapshot
    }

    private func snapshot(of log: LogID, to end: Int64) -> JournalSnapshot {
        var snapshot = JournalSnapshot(now: self.context.wall)
        guard self.habits.restores else { return self.forgetful(log, to: end) }
        _ = self.kafka.read(log, from: self.kafka[log].low, to: end, limit: .max) { _, record in
            Self.add(record, to: &snapshot)
        }
        return snapshot
    }

    private static func add(_ record: PartitionLog.Record, to snapshot: inout JournalSnapshot) {
        var headers = JournalHeaders()
        for header in record.headers {
            var name = header.name
            name.withUTF8 { name in
                guard let value = header.value else {
                    headers.take(UnsafeRawBufferPointer(name), nil)
                    return
                }
                value.withUnsafeBytes { headers.take(UnsafeRawBufferPointer(name), $0) }
            }
        }
        (record.key ?? []).withUnsafeBytes { key in
            snapshot.add(key: key, time: record.timestamp, headers: headers, value: { record.value })
        }
    }
}

extension SimulatedJournal.Reading {
    fileprivate func until(_ target: Int64) -> SimulatedJournal.Reading {
        switch self {
        case .restore(let lease, _): .restore(lease, target: target)
        case .topicStarts: .topicStarts(target: target)
        }
    }
}

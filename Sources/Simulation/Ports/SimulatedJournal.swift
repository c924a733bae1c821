// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Values

/// The journal's port over the modelled Kafka: a transactional producer, and readers of journal partitions.
///
/// A transaction is three requests and an answer, each an event of its own, so that a crash, a freeze or a rebalance can come
/// between any two of them.
final class SimulatedJournal: JournalPort {
    enum Reading {
        case restore(Lease, target: Int64?)
        case topicStarts(target: Int64?)
    }

    /// A transaction on its way.
    private struct UnderWay {
        let transaction: Transaction
        let encoded: EncodedTransaction
        let began: MonotonicTime
        /// Records that wait for their partitions' leaders, by index.
        var unwritten: [Int]
        var outcome: CommitOutcome?
    }

    /// What the port does for its promises; all of it, but where a sabotage takes one away.
    struct Habits {
        /// Rule 1.
        var sendsOffsets = true
        /// Rule 2.
        var writesFirst = true
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
    var readings: [Int: Reading] = [:]
    /// Readings of which it is told that an open transaction holds them back.
    var toldHeldBack: Set<Int> = []
    var readingCount = 0
    private var underWay: UnderWay?
    private var transactionCount = 0
    /// Rule 19: a late copy of a request of this producer may be on its way.
    private var isSuspect = false
    private(set) var committedCount = 0
    var restoreCount = 0

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

    var kafka: ModelledKafka { self.context.kafka }
    var now: MonotonicTime { self.context.clockwork.now }

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

    func deliver(_ fact: JournalFact) { self.context.mailbox.deliver(.journal(fact)) }

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
        self.underWay = UnderWay(
            transaction: transaction,
            encoded: encoded,
            began: self.now,
            unwritten: Array(encoded.records.indices)
        )
        guard encoded.oversized.isEmpty else {
            self.finish(.oversized(encoded.oversized))
            return
        }
        self.proceed(to: self.isSuspect && self.habits.renewsSuspects ? .renew : self.firstStage)
    }

    /// Whether the transaction under way is committed, and announces creating calls.
    var hasCommittedIntents: Bool {
        guard let underWay = self.underWay, case .committed? = underWay.outcome else { return false }
        return underWay.transaction.entries.contains { $0.announces != nil }
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
            self.proceed(to: self.firstStage)
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

    private var firstStage: CommitStage { self.habits.writesFirst ? .produce : .offsets }

    /// Writes the records whose partitions have leaders; the others wait, as in librdkafka, and the transaction is open.
    private func produce(_ underWay: UnderWay) {
        let records = underWay.encoded.records
        if underWay.unwritten.count == records.count, let failure = self.faults.failure(of: .produce, self.now) {
            self.abort(.aborted(PortFailure(.outage, failure)))
            return
        }
        let written = underWay.unwritten.filter {
            self.kafka.hasLeader(self.kafka.place(of: records[$0]), now: self.now)
        }
        let unwritten = underWay.unwritten.filter { !written.contains($0) }
        do throws(BrokerRefusal) {
            try self.kafka.produce(
                written.map { records[$0] },
                by: self.identity,
                wall: self.context.wall,
                now: self.now
            )
        } catch {
            switch error {
            case .tooLarge where !self.habits.blamesRecords: self.abort(.aborted(PortFailure(.outage, "\(error)")))
            case .tooLarge(let record):
                let failure = PortFailure(.tooLarge, "MESSAGE_TOO_LARGE")
                self.abort(.refused([underWay.encoded.owners[written[record]]: failure]))
            default: self.refused(error)
            }
            return
        }
        self.underWay?.unwritten = unwritten
        guard !unwritten.isEmpty else {
            self.proceed(to: self.habits.writesFirst ? .offsets : .end)
            return
        }
        guard self.now < underWay.began + self.transactionTimeout else {
            self.abort(.aborted(PortFailure(.outage, "flush records: timed out")))
            return
        }
        self.proceed(to: .produce, 20_000...60_000)
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
            self.proceed(to: self.habits.writesFirst ? .end : .produce)
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
}

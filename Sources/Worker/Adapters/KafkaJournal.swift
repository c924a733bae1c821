// SPDX-License-Identifier: Apache-2.0

import Kafka
import Machine
import Rollouts
import Telemetry
import Values

/// The journal's port over librdkafka: a transactional producer, and readers of journal partitions.
///
/// Transactions are committed one after the other in one task; partitions are read beside them, each by one reader at a time.
final class KafkaJournal: JournalPort, Sendable {
    /// What the port depends on.
    struct Settings: Sendable {
        var topics: TopicNames
        var groupID: String
        var encoder: TransactionEncoder
        /// Makes a producer of the worker's transactional id, which tells of connections that it loses.
        var makeProducer: @Sendable (@escaping @Sendable () -> Void) throws(KafkaError) -> TransactionalProducer
        /// Makes a reader.
        var makeReader: @Sendable () throws(KafkaError) -> PartitionReader
        var backoff: Backoff
        /// Routes of which a restore tells what they have taken within the hour.
        var hourlyRoutes: Set<String> = []
        /// What this process has read and committed.
        var marks = ReadMarks()
    }

    private enum Writing: Sendable {
        case commit(Transaction)
        case rebuild
        /// A journal partition can't be read on, because a transaction is open there.
        case settle(TopicPartition)
        /// The producer has lost a broker.
        case connectionLost
    }

    private let settings: Settings
    private let group: KafkaGroup
    private let clock: WorkerClock
    private let inbox: LoopInbox
    private let logger: Logger
    private let writings: AsyncStream<Writing>
    private let toWrite: AsyncStream<Writing>.Continuation
    private let heldBack = HeldBackPartitions()
    private let losses = ConnectionLosses()
    private let restores: JournalRestores

    init(settings: Settings, group: KafkaGroup, clock: WorkerClock, inbox: LoopInbox, logger: Logger) {
        self.settings = settings
        self.group = group
        self.clock = clock
        self.inbox = inbox
        self.logger = logger
        (self.writings, self.toWrite) = AsyncStream.makeStream()
        self.restores = JournalRestores(
            topics: settings.topics,
            hourlyRoutes: settings.hourlyRoutes,
            group: group,
            inbox: inbox,
            settle: { [toWrite, heldBack] in if heldBack.isNews($0) { toWrite.yield(.settle($0)) } },
            makeReader: settings.makeReader
        )
    }

    func perform(_ order: JournalOrder) {
        switch order {
        case .commit(let transaction): self.toWrite.yield(.commit(transaction))
        case .rebuildProducer: self.toWrite.yield(.rebuild)
        case .restore(let lease): self.restores.begin(lease)
        case .abandon(let lease): self.restores.abandon(lease)
        case .readTopicStarts: self.restores.readTopicStarts()
        }
    }

    /// Serves until it is closed; the producer must be initialised.
    func run(_ producer: TransactionalProducer) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.restores.run() }
            group.addTask {
                await withDiscardingTaskGroup { writing in
                    writing.addTask { await self.losses.run { self.toWrite.yield(.connectionLost) } }
                    await self.write(producer)
                    writing.cancelAll()
                }
            }
        }
    }

    /// Takes no more orders; the transaction under way ends, readers end at once.
    func close() {
        self.toWrite.finish()
        self.restores.close()
    }

    private func write(_ first: TransactionalProducer) async {
        var producer = first
        var renewedAt: ContinuousClock.Instant?
        var last = LastTransaction()
        for await writing in self.writings {
            switch writing {
            case .commit(let transaction):
                let outcome = await self.commit(transaction, producer)
                last.ended(outcome, producer.lastPlaces, lost: self.losses.take(), at: .now)
                guard !Task.isCancelled else { break }
                self.inbox.deliver(.journal(.commitEnded(transaction.id, outcome)))
                // Of one that failed for good the machine says when it is replaced.
                guard producer.isSuspect, outcome.isSettled else { continue }
                await producer.close()
                guard let next = await self.renew(after: renewedAt) else { continue }
                (producer, renewedAt) = (next, .now)
            case .rebuild:
                await producer.close()
                guard let next = await self.rebuild(settling: &last) else { continue }
                producer = next
                self.inbox.deliver(.journal(.producerReady))
            case .settle(let partition):
                self.heldBack.taken(partition)
                guard last.places.contains(partition) else { continue }
                last.doubt()
                producer = await self.settle(&last, after: producer)
            case .connectionLost:
                if let lost = self.losses.take() { last.lostConnection(at: lost) }
                guard last.isInDoubt else { continue }
                producer = await self.settle(&last, after: producer)
            }
        }
        await producer.close()
    }

    private func commit(
        _ transaction: Transaction,
        _ producer: TransactionalProducer
    ) async -> CommitOutcome {
        let (encoder, topics, marks) = (self.settings.encoder, self.settings.topics, self.settings.marks)
        var committed: [TopicPartition: Offset] = [:]
        for (lease, offset) in transaction.offsets { committed[topics.topicPartition(lease.subject)] = offset }
        let offsets = committed
        let encoded = OneShotValue<EncodedTransaction>()
        let outcome = await producer.transact {
            // On the producer's own thread: what is written down takes none of the loop's time.
            let result = encoder.encode(transaction)
            encoded.set(result)
            guard result.oversized.isEmpty else { return nil }
            var batch = TransactionBatch(
                records: result.records,
                offsets: offsets,
                membership: transaction.membership
            )
            batch.notes = marks.notes(for: offsets.keys)
            return batch
        }
        if case .committed? = outcome { marks.committed(offsets) }
        guard let outcome else { return .oversized(encoded.value?.oversized ?? []) }
        return CommitOutcome(outcome, encoded.value)
    }

    /// Replaces a producer whose last transaction ended well, but of which a late copy of a request may be under way.
    private func renew(after last: ContinuousClock.Instant?) async -> TransactionalProducer? {
        self.logger.notice(
            "producer replaced: an answer to a transaction was lost, and a late copy of its request must not act on the next"
        )
        // On a network that cuts every connection: each new producer costs brokers more than the transaction after it.
        if let last {
            do {
                try await Task.sleep(until: last + .seconds(1))
            } catch {
                return nil
            }
        }
        return await self.rebuild()
    }

    /// Makes a producer likewise, and ends with it what the last transaction may have left open.
    private func rebuild(settling last: inout LastTransaction) async -> TransactionalProducer? {
        guard let producer = await self.rebuild() else { return nil }
        guard last.mayBeOpen else { return producer }
        last.doubt()
        return await self.settle(&last, after: producer)
    }

    /// Ends what brokers may have forgotten that were lost soon after a commit: once they are back.
    ///
    /// What is to be committed meanwhile goes on, or fails at once, so that an outage is seen and named as any other.
    ///
    /// - Returns: The producer to go on with.
    private func settle(
        _ last: inout LastTransaction,
        after producer: TransactionalProducer
    ) async -> TransactionalProducer {
        var producer = producer
        do throws(KafkaError) {
            if producer.isOver { producer = try await self.replaced(producer) }
            try await self.settle(&last, with: producer)
            // A late copy of its own requests must not act on the next one either.
            if producer.isSuspect { producer = try await self.replaced(producer) }
        } catch {
            self.logger.debug("what a lost broker may have left open can't be ended yet", ["error": .error(error)])
            self.losses.tryAgain()
        }
        return producer
    }

    private func settle(_ last: inout LastTransaction, with producer: TransactionalProducer) async throws(KafkaError) {
        let places = last.places.sorted { ($0.topic, $0.partition) < ($1.topic, $1.partition) }
        let names = places.map(\.description).joined(separator: ",")
        try await self.askLeaders(of: places)
        let now = self.clock.now().wall
        do throws(KafkaError) {
            try await producer.settle(
                places.map { self.settings.encoder.barrier(for: $0, at: now) },
                offsetOf: TopicPartition(topic: self.settings.topics.journal, partition: Partition(rawValue: 0)),
                group: self.settings.groupID,
                timeout: .seconds(10)
            )
        } catch {
            self.logger.error(
                "the last transaction could not be settled: if Kafka has forgotten its end, it is lost",
                ["partitions": .string(names), "error": .error(error)]
            )
            throw error
        }
        last.settled(at: .now)
        self.logger.notice("what the last transaction may have left open is ended", ["partitions": .string(names)])
    }

    /// Fails where a settling transaction would, while failing costs nothing.
    private func askLeaders(of places: [TopicPartition]) async throws(KafkaError) {
        let reader = try self.settings.makeReader()
        do throws(KafkaError) {
            _ = try await reader.endOffsets(places, timeout: .seconds(5))
        } catch {
            await reader.close()
            throw error
        }
        await reader.close()
    }

    private func replaced(_ producer: TransactionalProducer) async throws(KafkaError) -> TransactionalProducer {
        let next = try await self.makeProducer()
        await producer.close()
        return next
    }

    private func makeProducer() async throws(KafkaError) -> TransactionalProducer {
        let producer = try self.settings.makeProducer { [losses] in losses.add() }
        do throws(KafkaError) {
            try await producer.initTransactions(timeout: .seconds(10))
            return producer
        } catch {
            await producer.close()
            throw error
        }
    }

    /// Makes a producer and takes the transactional id over with it, however long Kafka is away.
    ///
    /// - Parameter waits: Is told what it waits for.
    /// - Returns: The producer; `nil` where only a person can help, which is told, or the worker is ending.
    func rebuild(waits: @Sendable (String) -> Void = { _ in }) async -> TransactionalProducer? {
        var failures = 0
        while !Task.isCancelled {
            do throws(KafkaError) {
                return try await self.makeProducer()
            } catch {
                guard !error.isAuthentication, !error.isAuthorization, !error.isClientImpossible else {
                    self.inbox.deliver(.journal(.producerFailed(PortFailure(error))))
                    return nil
                }
                failures += 1
                waits("the transactional producer is not ready: \(error)")
                self.logger.warning("producer not ready, trying again", ["error": .error(error)])
                do {
                    try await Task.sleep(for: self.settings.backoff.delay(afterFailures: failures).duration)
                } catch {
                    return nil
                }
            }
        }
        return nil
    }
}

extension CommitOutcome {
    /// Whether the transaction's own end is known, and the machine goes on with the producer.
    fileprivate var isSettled: Bool {
        switch self {
        case .unknown, .fatal: false
        default: true
        }
    }

    /// The producer's outcome in the machine's words.
    init(_ outcome: TransactionOutcome, _ encoded: EncodedTransaction?) {
        switch outcome {
        case .committed: self = .committed(records: encoded?.records.count ?? 0)
        case .unknown(let error): self = .unknown(PortFailure(error))
        case .fatal(let error): self = .fatal(PortFailure(error))
        case .aborted(let error, let failed):
            guard failed.isEmpty || encoded == nil else {
                var entries: [Int: PortFailure] = [:]
                for (record, error) in failed.sorted(by: { $0.key < $1.key }) {
                    guard let entry = encoded?.owners[record], entries[entry] == nil else { continue }
                    entries[entry] = PortFailure(error)
                }
                self = .refused(entries)
                return
            }
            self = error.isMembershipLost ? .membershipLost(PortFailure(error)) : .aborted(PortFailure(error))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Synchronization
import Values

/// Performs transactions on the producer's thread.
///
/// `@unchecked Sendable`: the variables belong to the producer's thread, and delivery reports come from within polls and
/// flushes on it.
final class TransactionRunner: ClientContext, @unchecked Sendable {
    private let settings: TransactionSettings
    private let finished: @Sendable (TransactionDurations) -> Void
    private let connectionLost: @Sendable () -> Void
    private var writer = RecordWriter()
    private var failedRecords: [Int: KafkaError] = [:]
    private var durations = TransactionDurations()
    /// The topic that the transaction under way may not write to; set by librdkafka's own thread.
    private let deniedTopic = Mutex<String?>(nil)
    /// Why this producer can't be used any more.
    private var end: KafkaError? { didSet { if self.end != nil { self.over.raise() } } }
    private let over = Flag()
    private let watch = ResponseWatch()
    private let suspect = Flag()
    private var acknowledged = AcknowledgedPlaces()
    private let places = Mutex<Set<TopicPartition>>([])

    /// Whether a copy of a request of its own may still reach Kafka, and act on its next transaction: there must be none.
    var isSuspect: Bool { self.suspect.isRaised }

    /// Where brokers have acknowledged records of the last transaction.
    var lastPlaces: Set<TopicPartition> { self.places.withLock { $0 } }

    init(
        properties: KafkaProperties,
        settings: TransactionSettings,
        observer: ClientObserver,
        finished: @escaping @Sendable (TransactionDurations) -> Void,
        connectionLost: @escaping @Sendable () -> Void
    ) {
        self.settings = settings
        self.finished = finished
        self.connectionLost = connectionLost
        super.init(properties: properties, observer: observer)
    }

    /// Whether it can't be used any more.
    var isOver: Bool { self.over.isRaised }

    /// Creates the client that this performs on.
    func makeProducer() throws(KafkaError) -> ClientHandle {
        try self.makeClient(
            RD_KAFKA_PRODUCER,
            defaults: self.settings.defaults,
            fixed: self.settings.properties,
            delivers: true,
            watch: self.watch
        )
    }

    /// Runs on librdkafka's thread, before the transaction that the line explains fails.
    override func logged(level: Int32, facility: String, text: String) {
        super.logged(level: level, facility: facility, text: text)
        if let topic = DeniedTopicLine.parse(text) { self.deniedTopic.withLock { $0 = topic } }
    }

    override func failed(_ client: OpaquePointer, _ code: Int32, _ reason: String) {
        super.failed(client, code, reason)
        // One that can't be made is none that was lost.
        guard code == RD_KAFKA_RESP_ERR__TRANSPORT.rawValue, !reason.contains("Connect to") else { return }
        self.connectionLost()
    }

    override func explained(_ error: KafkaError) -> KafkaError {
        let error = super.explained(error)
        guard error.isAuthorization, let topic = self.deniedTopic.withLock({ $0 }) else { return error }
        let advice = "the right Write on topic '\(topic)' is missing"
        return error.message.hasSuffix(advice) ? error : error.saying("\(error.message); \(advice)")
    }

    override func delivered(_ message: rd_kafka_message_t) {
        guard message.err != RD_KAFKA_RESP_ERR_NO_ERROR else {
            self.acknowledged.add(message)
            return
        }
        // A record purged by an abort failed because of another one.
        let isPurged = message.err == RD_KAFKA_RESP_ERR__PURGE_QUEUE || message.err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT
        guard !isPurged else { return }
        let index = Int(bitPattern: message._private) - 1
        self.failedRecords[index] = KafkaError(message.err, operation: "deliver record")
    }

    /// Takes the `transactional.id` over from any earlier producer.
    func initialise(_ client: OpaquePointer, timeout: Duration) -> Result<Void, KafkaError> {
        let deadline = ContinuousClock.now + timeout
        let error = self.repeated("initialise transactions", client, until: deadline) {
            rd_kafka_init_transactions(client, $0)
        }
        guard let error else { return .success(()) }
        rd_kafka_poll(client, 0)
        return .failure(self.explained(error))
    }

    /// Performs one transaction from begin to commit or abort.
    func perform(_ batch: TransactionBatch, _ client: OpaquePointer) -> TransactionOutcome {
        self.places.withLock { $0 = [] }
        if let end = self.end { return .fatal(end) }
        guard !batch.offsets.isEmpty else {
            let text = "a transaction without offsets would be unfenced"
            return .aborted(.invalid(operation: "begin transaction", message: text), failedRecords: [:])
        }
        self.durations = TransactionDurations()
        self.durations.records = batch.records.count
        self.acknowledged = AcknowledgedPlaces()
        var outcome = self.judge(self.attempt(batch, client))
        // A record that the broker refused leaves a gap in the numbering, which librdkafka notices only in the next
        // transaction; its abort heals it. Nothing was written, so the caller need not know.
        if case .aborted(let error, let failed) = outcome, failed.isEmpty, !self.isSuspect,
            error.isOne(of: RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER)
        {
            let aborted = self.acknowledged.all
            self.acknowledged = AcknowledgedPlaces()
            outcome = self.judge(self.attempt(batch, client))
            if case .aborted = outcome { self.acknowledged.all.formUnion(aborted) }
        }
        self.places.withLock { $0 = self.acknowledged.all }
        switch outcome {
        case .committed, .aborted: break
        case .unknown(let error), .fatal(let error): self.end = error
        }
        self.finished(self.durations)
        return outcome
    }

    private static let isSuspectError = KafkaError.invalid(
        operation: "begin transaction",
        message: "an answer to an earlier transaction was lost, and a late copy of its request could act on this one"
    )

    /// Its own end was acknowledged, so the transaction is what its outcome says; only the next one is in danger.
    private func judge(_ outcome: TransactionOutcome) -> TransactionOutcome {
        let isAborted = if case .aborted = outcome { true } else { false }
        self.judge(isAborted: isAborted)
        return outcome
    }

    /// A transaction has ended: whether another one may follow.
    func judge(isAborted: Bool) {
        // A record whose answer was lost is of no harm once the transaction is committed: its number was used.
        guard self.watch.hasLostCoordinatorAnswer || (isAborted && self.watch.hasLostProduceAnswer) else { return }
        self.suspect.raise()
        self.end = Self.isSuspectError
    }

    /// What was noted of the transaction before is none of the next one's.
    func transactionBegins() {
        self.failedRecords = [:]
        self.watch.transactionBegins()
        self.deniedTopic.withLock { $0 = nil }
    }

    private func attempt(_ batch: TransactionBatch, _ client: OpaquePointer) -> TransactionOutcome {
        self.transactionBegins()
        let deadline = ContinuousClock.now + self.settings.transactionTimeout
        // Nothing was begun, so there is nothing to abort; a wrong state does not cure itself.
        if let error = self.begin(client) { return .fatal(error) }
        let written =
            self.timed(\.produce) { self.produce(batch.records, client, deadline) }
            ?? self.timed(\.flush) { self.flush(client, deadline) }
            ?? self.timed(\.offsets) { self.sendOffsets(batch, client, deadline) }
        if let error = written { return self.abandon(error, client) }
        return self.timed(\.commit) { self.commit(client, deadline) }.map { self.commitFailed($0, client) }
            ?? .committed
    }

    /// It has failed where nothing but a new producer helps.
    func ended(by error: KafkaError) { self.end = error }

    // MARK: - Steps; each returns `nil` or what failed

    func begin(_ client: OpaquePointer) -> KafkaError? {
        rd_kafka_begin_transaction(client).map {
            self.explained(KafkaError(consuming: $0, operation: "begin transaction", client: client))
        }
    }

    func produce(
        _ records: [ProducerRecord],
        _ client: OpaquePointer,
        _ deadline: ContinuousClock.Instant
    ) -> KafkaError? {
        var sizes = MessageSetSizes()
        let records = records.span
        for index in records.indices {
            if sizes.isFull(with: records[index]), let error = self.flush(client, deadline) { return error }
            while let error = self.writer.write(records[index], token: index + 1, to: client) {
                guard error.isOne(of: RD_KAFKA_RESP_ERR__QUEUE_FULL) else {
                    if error.isFatal || error.requiresAbort { return error }
                    self.failedRecords[index] = self.explained(error)
                    break
                }
                guard deadline > .now else { return error }
                rd_kafka_poll(client, 10)
            }
        }
        return self.firstFailure
    }

    func flush(_ client: OpaquePointer, _ deadline: ContinuousClock.Instant) -> KafkaError? {
        let code = rd_kafka_flush(client, deadline.remainingMilliseconds)
        if let error = self.firstFailure { return error }
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        return self.explained(KafkaError(code, operation: "flush records"))
    }

    private func sendOffsets(
        _ batch: TransactionBatch,
        _ client: OpaquePointer,
        _ deadline: ContinuousClock.Instant
    ) -> KafkaError? {
        let offsets = PartitionList(batch.offsets.map { ($0.key, $0.value.rawValue, batch.notes[$0.key]) })
        return batch.membership.withMetadata { self.send(offsets, $0, client, deadline) }
    }

    func send(
        _ offsets: borrowing PartitionList,
        _ metadata: OpaquePointer,
        _ client: OpaquePointer,
        _ deadline: ContinuousClock.Instant
    ) -> KafkaError? {
        offsets.withPointer { list in
            self.repeated("send offsets", client, until: deadline) {
                rd_kafka_send_offsets_to_transaction(client, list, metadata, $0)
            }
        }
    }

    func commit(_ client: OpaquePointer, _ deadline: ContinuousClock.Instant) -> KafkaError? {
        self.repeated("commit transaction", client, until: deadline) { rd_kafka_commit_transaction(client, $0) }
    }

    private func commitFailed(_ error: KafkaError, _ client: OpaquePointer) -> TransactionOutcome {
        if error.isFatal { return .fatal(self.explained(error)) }
        // Only where the library itself asks for an abort is it sure that nothing was committed.
        guard error.requiresAbort else { return .unknown(self.explained(error)) }
        return self.abandon(error, client)
    }

    private func abandon(_ error: KafkaError, _ client: OpaquePointer) -> TransactionOutcome {
        let error = self.explained(error)
        guard !error.isFatal else { return .fatal(error) }
        let deadline = ContinuousClock.now + self.settings.transactionTimeout
        let failure = self.timed(\.abort) { () -> KafkaError? in
            // An abort before the records have left can end in a fatal error (librdkafka#4849): let them out first.
            rd_kafka_flush(client, min(self.settings.transactionTimeout, .seconds(5)).callMilliseconds)
            return self.repeated("abort transaction", client, until: deadline) {
                rd_kafka_abort_transaction(client, $0)
            }
        }
        // The coordinator ends what could not be aborted; this producer is stuck in it. Why it had to be aborted is what
        // an operator needs: a transaction whose first topic is refused, for one, has nothing in it to abort.
        if let failure { return .fatal(error.saying("\(error.message) (and the abort failed: \(failure.message))")) }
        return .aborted(error, failedRecords: self.failedRecords)
    }

    // MARK: - Helpers

    private var firstFailure: KafkaError? {
        self.failedRecords.min { $0.key < $1.key }?.value
    }

    /// Calls again what may be called again, until the time is up.
    private func repeated(
        _ operation: String,
        _ client: OpaquePointer,
        until deadline: ContinuousClock.Instant,
        _ call: (Int32) -> OpaquePointer?
    ) -> KafkaError? {
        while let pointer = call(max(1, deadline.remainingMilliseconds)) {
            let error = KafkaError(consuming: pointer, operation: operation, client: client)
            guard error.isRetriable, !error.isFatal, !error.requiresAbort, deadline > .now else { return error }
            blockingSleep(min(self.settings.retryBackoff, deadline - .now))
        }
        return nil
    }

    private func timed<Result>(
        _ part: WritableKeyPath<TransactionDurations, Duration>,
        _ body: () -> Result
    ) -> Result {
        let start = ContinuousClock.now
        defer { self.durations[keyPath: part] += .now - start }
        return body()
    }
}

// SPDX-License-Identifier: Apache-2.0

package import Values

/// Writes records and consumed offsets in transactions, one at a time, on a thread of its own.
///
/// After `.fatal` or `.unknown` it is of no more use: close it and make a new one.
package final class TransactionalProducer: Sendable {
    private let handle: ClientHandle
    private let runner: TransactionRunner
    private let thread: ClientThread

    /// Creates a producer; `initTransactions` comes first.
    ///
    /// - Parameters:
    ///   - properties: The user's librdkafka properties.
    ///   - settings: The `transactional.id` and times.
    ///   - observer: Takes log, errors and statistics.
    ///   - finished: Takes the durations of each transaction, on the producer's thread; must not block.
    ///   - connectionLost: Is told that a broker's connection has ended, on the producer's thread; must not block.
    /// - Throws: `KafkaError` when librdkafka can't make the client.
    package init(
        properties: KafkaProperties,
        settings: TransactionSettings,
        observer: ClientObserver = .silent,
        finished: @escaping @Sendable (TransactionDurations) -> Void = { _ in },
        connectionLost: @escaping @Sendable () -> Void = {}
    ) throws(KafkaError) {
        let runner = TransactionRunner(
            properties: properties,
            settings: settings,
            observer: observer,
            finished: finished,
            connectionLost: connectionLost
        )
        let handle = try runner.makeProducer()
        self.handle = handle
        self.runner = runner
        self.thread = .polling(producer: handle, name: "kafka-transact", closeTimeout: settings.closeTimeout)
    }

    deinit { self.thread.jobs.stop() }

    /// Whether it must be replaced before the next transaction, though the last one ended well.
    ///
    /// An answer was lost, librdkafka has sent the request again, and the first copy may still be under way. A new producer
    /// of the same id shuts it out as soon as it is initialised. This one refuses further transactions (`.fatal`).
    package var isSuspect: Bool { self.runner.isSuspect }

    /// Whether each further transaction fails, and only a new producer helps.
    package var isOver: Bool { self.runner.isOver }

    /// Where brokers have acknowledged records of the last transaction.
    package var lastPlaces: Set<TopicPartition> { self.runner.lastPlaces }

    /// Takes the `transactional.id` over: fences earlier producers of it and ends their open transaction.
    ///
    /// - Parameter timeout: The longest wait; brokers that load their state are asked again until then.
    /// - Throws: `KafkaError`; a fatal one needs a new producer, any other may be tried again.
    package func initTransactions(timeout: Duration) async throws(KafkaError) {
        let handle = self.handle
        let runner = self.runner
        try await self.thread.run("initialise transactions") { runner.initialise(handle.pointer, timeout: timeout) }
    }

    /// Ends what the last transaction of this `transactional.id` has left open, where its end was a commit.
    ///
    /// After an abort it must not be called: what a coordinator has forgotten to drop would be committed.
    ///
    /// - Parameters:
    ///   - records: Without a meaning, one for each partition where that transaction wrote.
    ///   - place: Of the group's offsets, one that nobody reads; becomes 0.
    ///   - group: The consumer group.
    ///   - timeout: The longest wait.
    /// - Throws: `KafkaError`; then a new producer is needed.
    package func settle(
        _ records: [ProducerRecord],
        offsetOf place: TopicPartition,
        group: String,
        timeout: Duration
    ) async throws(KafkaError) {
        let handle = self.handle
        let runner = self.runner
        try await self.thread.run("settle the last transaction") {
            runner.settle(records, offsetOf: place, group: group, handle.pointer, timeout: timeout)
        }
    }

    /// Performs one transaction: begin, records, all delivery reports, offsets, commit; or the abort.
    ///
    /// Takes as long as `transactionTimeout`, and once more where it has to be aborted. Not cut short by cancellation.
    package func transact(_ batch: TransactionBatch) async -> TransactionOutcome {
        await self.transact { batch } ?? .fatal(.closed(operation: "begin transaction"))
    }

    /// Performs one transaction likewise, which is put together on the producer's own thread.
    ///
    /// - Parameter batch: Gives the transaction, or `nil` where nothing is to be begun.
    /// - Returns: How it ended; `nil` where `batch` gave none.
    package func transact(_ batch: @escaping @Sendable () -> TransactionBatch?) async -> TransactionOutcome? {
        let handle = self.handle
        let runner = self.runner
        let outcome: TransactionOutcome?? = await self.thread.jobs.run {
            batch().map { runner.perform($0, handle.pointer) }
        }
        return outcome ?? .fatal(.closed(operation: "begin transaction"))
    }

    /// Ends the producer after the transaction under way; an open one is left to its time-out.
    package func close() async {
        await self.thread.close()
    }
}

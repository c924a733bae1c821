// SPDX-License-Identifier: Apache-2.0

import Kafka
import Telemetry
import Values

/// The transactional producer in use, replaced when it becomes unusable.
actor ProducerSlot {
    private let make: @Sendable () throws(KafkaError) -> TransactionalProducer
    private let logger: Logger
    private var producer: TransactionalProducer

    /// Between attempts while Kafka is away.
    private static let backoff = Backoff(base: .milliseconds(200), cap: .seconds(5))

    /// Makes the first producer.
    ///
    /// - Throws: `KafkaError` when librdkafka can't make one of the properties.
    init(logger: Logger, make: @escaping @Sendable () throws(KafkaError) -> TransactionalProducer) throws(KafkaError) {
        self.make = make
        self.logger = logger
        self.producer = try make()
    }

    /// The producer in use.
    var current: TransactionalProducer { self.producer }

    /// Initialises the producer, however long Kafka is away, so that its first transaction is a quick one.
    ///
    /// - Throws: `WorkerFailure` when the right is missing or the login refused, which only a person can mend.
    func initialise() async throws {
        var failures = 0
        while true {
            do throws(KafkaError) {
                return try await self.producer.initTransactions(timeout: .seconds(10))
            } catch {
                try Task.checkCancellation()
                guard !error.isAuthentication, !error.isAuthorization else {
                    throw WorkerFailure(.kafka, error.description)
                }
                failures += 1
                self.logger.warning("producer not ready, trying again", ["error": .error(error)])
                if error.isFatal { try await self.replace() }
                try await Task.sleep(for: Self.backoff.delay(afterFailures: failures).duration)
            }
        }
    }

    /// Puts a new producer of the same transactional id in place: the brokers fence the old one.
    func replace() async throws(KafkaError) {
        await self.producer.close()
        self.producer = try self.make()
    }

    /// Ends the producer.
    func close() async { await self.producer.close() }
}

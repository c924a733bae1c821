// SPDX-License-Identifier: Apache-2.0

import Kafka
import Machine
import Rollouts
import Worker

/// A journal whose transactions are checked by brokers only where they take an event: the others go through a producer
/// that knows of no transaction, since the genuine port rightly refuses them without offsets.
final class Unfenced: PortWrapper {
    private let kafka: KafkaProperties
    private let desk: UnfencedDesk

    init(_ kafka: KafkaProperties, _ desk: UnfencedDesk) {
        self.kafka = kafka
        self.desk = desk
    }

    func equip(_ surroundings: PortSurroundings) { self.desk.open(self.kafka, surroundings) }

    func wrapped(_ ports: Ports) -> Ports {
        var ports = ports
        ports.journal = Journal(ports.journal, self.desk)
        return ports
    }

    private final class Journal: JournalPort {
        private let inner: any JournalPort
        private let desk: UnfencedDesk

        init(_ inner: any JournalPort, _ desk: UnfencedDesk) {
            self.inner = inner
            self.desk = desk
        }

        func perform(_ order: JournalOrder) {
            guard case .commit(let transaction) = order, transaction.entries.allSatisfy({ $0.taken == nil }) else {
                self.inner.perform(order)
                return
            }
            self.desk.write(transaction)
        }
    }
}

/// Writes transactions without their offsets, one after the other, as long as the process lives.
final class UnfencedDesk: Sendable {
    private let opened: AsyncStream<(KafkaProperties, PortSurroundings)>
    private let opening: AsyncStream<(KafkaProperties, PortSurroundings)>.Continuation
    private let transactions: AsyncStream<Transaction>
    private let writing: AsyncStream<Transaction>.Continuation

    init() {
        (self.opened, self.opening) = AsyncStream.makeStream()
        (self.transactions, self.writing) = AsyncStream.makeStream()
    }

    /// Says where to write, and whom to tell.
    func open(_ kafka: KafkaProperties, _ surroundings: PortSurroundings) {
        self.opening.yield((kafka, surroundings))
        self.opening.finish()
    }

    /// Takes a transaction; the machine is told when it is written.
    func write(_ transaction: Transaction) { self.writing.yield(transaction) }

    /// Serves until the task is cancelled.
    ///
    /// - Throws: `KafkaError` when librdkafka can't make a client.
    func run() async throws {
        for await (kafka, surroundings) in self.opened {
            let producer = try Producer(properties: kafka)
            for await transaction in self.transactions {
                let outcome = await Self.outcome(of: transaction, producer, surroundings.encoder)
                surroundings.deliver([.journal(.commitEnded(transaction.id, outcome))])
            }
            await producer.close()
        }
    }

    private static func outcome(
        of transaction: Transaction,
        _ producer: Producer,
        _ encoder: TransactionEncoder
    ) async -> CommitOutcome {
        let encoded = encoder.encode(transaction)
        guard encoded.oversized.isEmpty else { return .oversized(encoded.oversized) }
        for result in await producer.sendAll(encoded.records) {
            if case .failure(let error) = result { return .unknown(PortFailure(.outage, error.description)) }
        }
        return .committed(records: encoded.records.count)
    }
}

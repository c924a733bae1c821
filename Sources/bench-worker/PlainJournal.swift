// SPDX-License-Identifier: Apache-2.0

import Kafka
import Machine
import Rollouts
import Values
import Worker

/// A journal whose transactions are none: their records go through a producer that knows of no group and no fence.
final class PlainJournal: JournalPort {
    private let inner: any JournalPort
    private let desk: PlainDesk
    private let omitted: String?

    /// Stands before the worker's own port.
    ///
    /// - Parameters:
    ///   - inner: Serves everything else.
    ///   - desk: Writes.
    ///   - omitted: The topic of which nothing is written; nobody waits for the rest then.
    init(_ inner: any JournalPort, _ desk: PlainDesk, leavingOut omitted: String?) {
        self.inner = inner
        self.desk = desk
        self.omitted = omitted
    }

    func perform(_ order: JournalOrder) {
        guard case .commit(let transaction) = order else { return self.inner.perform(order) }
        self.desk.write(transaction, leavingOut: self.omitted)
    }
}

/// Writes transactions without their offsets, one after the other, as long as the process lives.
final class PlainDesk: Sendable {
    private let opened: AsyncStream<(KafkaProperties, PortSurroundings)>
    private let opening: AsyncStream<(KafkaProperties, PortSurroundings)>.Continuation
    private let transactions: AsyncStream<(Transaction, omitted: String?)>
    private let writing: AsyncStream<(Transaction, omitted: String?)>.Continuation

    init() {
        (self.opened, self.opening) = AsyncStream.makeStream()
        (self.transactions, self.writing) = AsyncStream.makeStream()
    }

    /// Says where to write, and whom to tell.
    func open(_ kafka: KafkaProperties, _ surroundings: PortSurroundings) {
        self.opening.yield((kafka, surroundings))
        self.opening.finish()
    }

    /// Takes a transaction; the machine is told when it is written, or at once where a topic is left out.
    func write(_ transaction: Transaction, leavingOut omitted: String?) { self.writing.yield((transaction, omitted)) }

    /// Serves until the task is cancelled.
    ///
    /// - Throws: `KafkaError` when librdkafka can't make a client.
    func run() async throws {
        for await (kafka, surroundings) in self.opened {
            let producer = try Producer(properties: kafka)
            for await (transaction, omitted) in self.transactions {
                let encoded = surroundings.encoder.encode(transaction)
                let tell = { surroundings.deliver([.journal(.commitEnded(transaction.id, $0))]) }
                let outcome = CommitOutcome.committed(records: encoded.records.count)
                if let omitted {
                    tell(outcome)
                    _ = await Self.failure(writing: encoded.records.filter { $0.topic != omitted }, producer)
                } else {
                    tell(await Self.failure(writing: encoded.records, producer).map { .unknown($0) } ?? outcome)
                }
            }
            await producer.close()
        }
    }

    private static func failure(writing records: [ProducerRecord], _ producer: Producer) async -> PortFailure? {
        for result in await producer.sendAll(records) {
            if case .failure(let error) = result { return PortFailure(.outage, error.description) }
        }
        return nil
    }
}

// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import TestSupport
import Testing
import Values

@testable import Worker

/// Transactions of others.
extension WorkerFixture {
    /// Runs `body` while somebody's transaction is open; it is aborted in the end where that has not let it go.
    ///
    /// - Parameters:
    ///   - records: What it has written; the first names its partition. Takes the transactional id.
    ///   - inbox: The partition of which it commits an offset, for a group of its own.
    ///   - body: Is given the transaction, once its first record is in its partition.
    /// - Throws: What `body` throws, or that the transaction can't be begun.
    func withOpenTransaction(
        _ records: (String) -> [ProducerRecord],
        inbox: Partition = 0,
        _ body: (StalledTransaction) async throws -> Void
    ) async throws {
        let other = try await self.member(ofGroup: KafkaFixture.uniqueName("open"))
        var probe = KafkaProbe(other)
        _ = try await probe.assignment()
        var settings = TransactionSettings(transactionalID: KafkaFixture.uniqueName("open"))
        settings.transactionTimeout = .seconds(50)
        let producer = try TransactionalProducer(properties: self.kafka, settings: settings)
        try await producer.initTransactions(timeout: .seconds(20))
        let batch = TransactionBatch(
            records: records(settings.transactionalID),
            offsets: [TopicPartition(self.topics.inbox, inbox): Offset(rawValue: 0)],
            membership: try #require(probe.membership)
        )
        _ = try await StalledTransaction.run(self.kafka, producer, batch, body)
        await producer.close()
        await other.close()
    }
}

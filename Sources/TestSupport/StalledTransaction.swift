// SPDX-License-Identifier: Apache-2.0

package import Kafka
import Synchronization
import Values

/// A transaction that stays open between its records and its offsets until the test lets it go on.
///
/// One more record is for a topic that does not exist yet: all others are written, and the flush waits for that one. So a
/// writer looks that froze, or died, in the middle of a transaction, and no broker need be stopped for it.
package struct StalledTransaction {
    private let properties: KafkaProperties
    private let missingTopic: String

    /// Runs `body` while a transaction is open.
    ///
    /// - Parameters:
    ///   - properties: Lead to the cluster, a genuine one without automatic topic creation.
    ///   - producer: Performs the transaction; its time-out bounds the wait.
    ///   - batch: What the transaction writes; at least one record, for a partition that it names.
    ///   - body: Called when the first record is in its partition; calls `letGo` on what it is given, or the transaction
    ///     is aborted in the end.
    /// - Returns: What became of the transaction.
    /// - Throws: What `body` throws, or that the brokers can't say where the partition ends.
    package static func run(
        _ properties: KafkaProperties,
        _ producer: TransactionalProducer,
        _ batch: TransactionBatch,
        _ body: (StalledTransaction) async throws -> Void
    ) async throws -> TransactionOutcome {
        let stalled = StalledTransaction(properties: properties, missingTopic: KafkaFixture.uniqueName("missing"))
        var stalling = batch
        stalling.records.append(
            ProducerRecord(topic: stalled.missingTopic, partition: Partition(rawValue: 0), key: nil, value: [0])
        )
        let first = batch.records[0]
        let partition = TopicPartition(first.topic, first.partition ?? 0)
        let reader = try PartitionReader(properties: properties)
        let before = try await reader.endOffset(partition)
        let outcome = Mutex<TransactionOutcome?>(nil)
        async let transaction: Void = { [stalling] in
            let result = await producer.transact(stalling)
            outcome.withLock { $0 = result }
        }()
        // Each look is a round trip to the leader.
        while try await reader.endOffset(partition) == before {
            if let ended = outcome.withLock({ $0 }) { throw EndedEarly(outcome: ended) }
            try Task.checkCancellation()
        }
        await reader.close()
        try await body(stalled)
        await transaction
        try await stalled.deleteTopic()
        guard let result = outcome.withLock({ $0 }) else {
            preconditionFailure("a transaction that ended without an outcome")
        }
        return result
    }

    /// The transaction ended before its first record was in its partition, so that nothing could be done while it is open.
    private struct EndedEarly: Error {
        var outcome: TransactionOutcome
    }

    /// Lets the transaction go on to its offsets and its commit.
    ///
    /// - Throws: `KafkaError` when the missing topic can't be made.
    package func letGo() async throws {
        let admin = try Admin(properties: self.properties)
        let failures = try await admin.createTopics([NewTopic(name: self.missingTopic, partitionCount: 1)])
        await admin.close()
        if let failure = failures[self.missingTopic] { throw failure }
    }

    private func deleteTopic() async throws {
        let admin = try Admin(properties: self.properties)
        // Missing where the test never let go.
        _ = try await admin.deleteTopics([self.missingTopic])
        await admin.close()
    }
}

// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import TestSupport
import Testing
import Values

@testable import Worker

/// Rule 4: a journal ends where a reader that sees open transactions says, however long one holds the committed rest back.
@Suite(
    .enabled(if: KafkaFixture.genuineBootstrap != nil, "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"),
    .timeLimit(.minutes(2))
)
struct Rule04RestoreTests {
    /// What a frozen writer has written, but not yet committed, is seen by its successor, which waits for it; and the
    /// other partitions do not wait with it.
    @Test func aRestoreWaitsForAnOpenTransactionAndDelaysNoOtherPartition() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 2) { bed in
            let runs = try await bed.seedRuns(2)
            let names = [Partition(rawValue: 1), 0].map { bed.modelName(ownedBy: $0) }
            let other = try await bed.member(ofGroup: KafkaFixture.uniqueName("frozen"))
            var probe = KafkaProbe(other)
            _ = try await probe.assignment()
            var settings = TransactionSettings(transactionalID: KafkaFixture.uniqueName("frozen"))
            settings.transactionTimeout = .seconds(60)
            let frozen = try TransactionalProducer(properties: bed.kafka, settings: settings)
            try await frozen.initTransactions(timeout: .seconds(30))
            let writer = JournalRecord.Writer(process: settings.transactionalID, generation: 1)
            let start = StartRecord(partitionCount: 2, group: bed.groupID, workbench: bed.workbench)
            let state = runs[0].state(model: names[0], partition: 1, topic: bed.events)
            let batch = TransactionBatch(
                records: [JournalRecord(start, writer: writer), JournalRecord(state, writer: writer)].map {
                    $0.produced(to: bed.topics.journal, 1)
                },
                offsets: [TopicPartition(bed.topics.inbox, 1): Offset(rawValue: 0)],
                membership: try #require(probe.membership)
            )
            let outcome = try await StalledTransaction.run(bed.kafka, frozen, batch) { transaction in
                try await bed.withWorker(bed.settings(.catchAll)) { worker in
                    try await bed.emit(runs[1].data(model: names[1]), id: "1", key: names[1])
                    let phases = try await bed.phases(untilEnded: 1)
                    #expect(phases.values.map(\.last) == ["deployed"])
                    let condition = worker.health.snapshot.first { $0.name == "partitions" }
                    let cause = try #require(condition?.cause)
                    #expect(cause.hasPrefix("reading the journal of partitions 1: an open transaction begins at "))
                    try await transaction.letGo()
                    let all = try await bed.phases(untilEnded: 2)
                    #expect(all.values.allSatisfy { $0.last == "deployed" })
                }
            }
            #expect(outcome == .committed)
            #expect(try await bed.audit().created["deployment"] == 2)
            await frozen.close()
            await other.close()
        }
    }
}

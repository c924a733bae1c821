// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import TestSupport
import Testing
import Values

@testable import Worker

/// A worker that is told to stop while it still takes partitions over.
@Suite(
    .enabled(if: KafkaFixture.genuineBootstrap != nil, "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"),
    .timeLimit(.minutes(1))
)
struct StopBrokerTests {
    /// Runs `body` while a journal partition is held back by a transaction that stays open.
    private static func withHeldBack(
        _ partition: Partition,
        of bed: WorkerFixture,
        _ body: (StalledTransaction) async throws -> Void
    ) async throws {
        let start = StartRecord(partitionCount: bed.partitionCount, group: bed.groupID, workbench: bed.workbench)
        func records(_ process: String) -> [ProducerRecord] {
            let record = JournalRecord(start, writer: .init(process: process, generation: 1))
            return [record.produced(to: bed.topics.journal, partition)]
        }
        try await bed.withOpenTransaction(records, inbox: partition, body)
    }

    /// The producer is lost while one partition's journal is held back: that one is read again, and by one reader only.
    @Test func aPartitionThatStartsOverWhileItsJournalIsReadIsTakenOver() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 2) { bed in
            let runs = try await bed.seedRuns(2)
            try await Self.withHeldBack(1, of: bed) { transaction in
                let log = TestLog()
                try await bed.withWorker(bed.settings(.catchAll), logger: log.logger) { worker in
                    try await log.first("reading events")
                    let settings = TransactionSettings(transactionalID: worker.process)
                    let usurper = try TransactionalProducer(properties: bed.kafka, settings: settings)
                    try await usurper.initTransactions(timeout: .seconds(30))
                    await usurper.close()
                    let free = bed.modelName(ownedBy: 0)
                    try await bed.emit(runs[0].data(model: free), id: "0", key: free)
                    try await log.first("producer unusable; reloading every partition from the journal")
                    _ = try await bed.phases(untilEnded: 1)
                    try await transaction.letGo()
                    let held = bed.modelName(ownedBy: 1)
                    try await bed.emit(runs[1].data(model: held), id: "1", key: held)
                    let phases = try await bed.phases(untilEnded: 2)
                    #expect(phases.values.allSatisfy { $0.last == "deployed" })
                }
            }
            #expect(try await bed.audit().created == ["version": 2, "model": 2, "build": 2, "deployment": 2])
        }
    }

    @Test func stoppingWhileAJournalIsHeldBackEndsAtOnce() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 1) { bed in
            try await Self.withHeldBack(0, of: bed) { transaction in
                try await bed.withWorker(bed.settings(.catchAll)) { worker in
                    while !worker.health.snapshot.contains(where: { $0.cause?.contains("reading the journal") == true })
                    {
                        try await Task.sleep(for: .milliseconds(20))
                    }
                }
                // It has returned while the transaction is still open: else there would be nothing to let go.
                try await transaction.letGo()
            }
        }
    }
}

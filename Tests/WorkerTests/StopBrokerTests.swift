// SPDX-License-Identifier: Apache-2.0

import Kafka
import TestSupport
import Testing
import Threads
import Values

@testable import Worker

/// A worker that is told to stop while it still takes partitions over.
@Suite(
    .enabled(if: KafkaFixture.genuineBootstrap != nil, "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"),
    .timeLimit(.minutes(1))
)
struct StopBrokerTests {
    /// Holds a journal partition back by a transaction that stays open, on its producer's thread, until `release`.
    private static func holdBack(_ bed: WorkerFixture, isOpen: Completion, release: Condition<Bool>) async throws {
        var settings = TransactionSettings(transactionalID: KafkaFixture.uniqueName("open"))
        settings.transactionTimeout = .seconds(50)
        let producer = try TransactionalProducer(properties: bed.kafka, settings: settings) {
            isOpen.complete()
            _ = release.wait(timeout: .seconds(45)) { $0 ? true : nil }
        }
        try await producer.initTransactions(timeout: .seconds(20))
        let membership = try #require(GroupMembership(groupID: "none", generation: 0, memberID: "none"))
        let record = ProducerRecord(topic: bed.topics.journal, partition: Partition(rawValue: 0), key: [1], value: nil)
        var batch = TransactionBatch(records: [record], offsets: [:], membership: membership)
        batch.mayBeUnfenced = true
        _ = await producer.transact(batch)
        await producer.close()
    }

    /// The producer is lost while one partition's journal is held back: that one is read anew, and by one reader only.
    @Test func aPartitionThatStartsOverWhileItsJournalIsReadIsTakenOver() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 2) { bed in
            let runs = try await bed.seedRuns(2)
            let (isOpen, release) = (Completion(), Condition(false))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await Self.holdBack(bed, isOpen: isOpen, release: release) }
                await isOpen.wait()
                let log = TestLog()
                try await bed.withWorker(bed.settings(.catchAll), logger: log.logger) { worker in
                    try await log.first("partition taken over")
                    let settings = TransactionSettings(transactionalID: worker.process)
                    let usurper = try TransactionalProducer(properties: bed.kafka, settings: settings)
                    try await usurper.initTransactions(timeout: .seconds(30))
                    await usurper.close()
                    let free = bed.modelName(ownedBy: 1)
                    try await bed.emit(runs[0].data(model: free), id: "0", key: free)
                    try await log.first("the producer is lost, starting over from the journal")
                    _ = try await bed.phases(untilEnded: 1)
                    release.signal { $0 = true }
                    let held = bed.modelName(ownedBy: 0)
                    try await bed.emit(runs[1].data(model: held), id: "1", key: held)
                    let phases = try await bed.phases(untilEnded: 2)
                    #expect(phases.values.allSatisfy { $0.last == "deployed" })
                }
                try await group.waitForAll()
            }
            #expect(try await bed.audit().created == ["version": 2, "model": 2, "build": 2, "deployment": 2])
        }
    }

    @Test func stoppingWhileAJournalIsHeldBackEndsAtOnce() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 1) { bed in
            let (isOpen, release) = (Completion(), Condition(false))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await Self.holdBack(bed, isOpen: isOpen, release: release) }
                await isOpen.wait()
                try await bed.withWorker(bed.settings(.catchAll)) { worker in
                    while !worker.health.snapshot.contains(where: { $0.cause?.contains("reading the journal") == true })
                    {
                        try await Task.sleep(for: .milliseconds(20))
                    }
                }
                // It has returned while the transaction is still open.
                #expect(release.withLock { !$0 })
                release.signal { $0 = true }
                try await group.waitForAll()
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Telemetry
import TestSupport
import Testing
import Values
import WorkbenchSandbox

@testable import Worker

/// Rule 7: after a fatal error of the producer, or a commit of unknown outcome, a new producer, and every partition from
/// its journal: nothing is sent again from memory.
@Suite(.timeLimit(.minutes(3)))
struct Rule07LostProducerTests {
    @Test(
        .enabled(
            if: KafkaFixture.genuineBootstrap != nil,
            "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"
        )
    )
    func whatWasDecidedBeforeIsNotSentAgainFromMemory() async throws {
        try await WritingHalf.with { half in
            try await half.takeAll()
            try half.decide(1, 0)
            await half.write()
            // Somebody initialises a producer of the same transactional id: ours is fenced, and of no more use.
            let usurper = try await Self.producer(half)
            try half.decide(2, 0)
            try half.decide(3, 1)
            let before = half.ownership.held
            await half.write()
            #expect(half.lostCount == 1)
            // Every partition is begun from its journal again, under a lease of its own.
            half.startOver()
            #expect(half.ownership.held.map(\.subject) == before.map(\.subject))
            #expect(Set(half.ownership.held).isDisjoint(with: before))
            try half.decide(4, 0)
            await half.write()
            #expect(try await half.journalled(0) == [1, 4])
            #expect(try await half.journalled(1) == [])
            #expect(half.lostCount == 1)
            await usurper.close()
        }
    }

    private static func producer(_ half: WritingHalf) async throws -> TransactionalProducer {
        let settings = TransactionSettings(transactionalID: half.process)
        let producer = try TransactionalProducer(properties: half.bed.kafka, settings: settings)
        try await producer.initTransactions(timeout: .seconds(30))
        return producer
    }

    @Test(
        .enabled(
            if: KafkaFixture.genuineBootstrap != nil,
            "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"
        )
    )
    func aWorkerWhoseProducerIsFencedAgainAndAgainDeploysEverythingOnce() async throws {
        try await WorkerFixture.with(genuine: true, clock: .init(fixed: .milliseconds(300))) { bed in
            let runs = try await bed.seedRuns(4)
            let registry = MetricsRegistry()
            try await bed.withWorker(bed.settings(.catchAll), registry: registry) { worker in
                // A usurper that comes before the worker's own producer fences nobody.
                while !worker.health.isReady { try await Task.sleep(for: .milliseconds(20)) }
                for (index, run) in runs.enumerated() {
                    try await bed.emit(run.data(model: "m\(index)"), id: "\(index)", key: "m\(index)")
                    let settings = TransactionSettings(transactionalID: worker.process)
                    let usurper = try TransactionalProducer(properties: bed.kafka, settings: settings)
                    try await usurper.initTransactions(timeout: .seconds(30))
                    await usurper.close()
                    _ = try await bed.phases(untilEnded: index)
                }
                let phases = try await bed.phases(untilEnded: 4)
                #expect(phases.count == 4)
                #expect(phases.values.allSatisfy { $0.filter { $0 == "deployed" }.count == 1 })
                // Rule 8: the id is kept when the producer is replaced, or no usurper after the first would fence it.
                #expect(worker.process.hasPrefix("slipway-\(bed.groupID)-"))
            }
            #expect(try await bed.audit().created == ["version": 4, "model": 4, "build": 4, "deployment": 4])
            let replaced = registry.prometheusText().split(separator: "\n")
                .first { $0.hasPrefix("slipway_producer_replaced_total ") }?.split(separator: " ").last
            #expect(replaced.flatMap { Int($0) } ?? 0 >= 2)
        }
    }

    @Test func aCommitOfUnknownOutcomeIsLookedUpInTheJournal() async throws {
        try await WorkerFixture.with { bed in
            let mock = try #require(bed.mock)
            let runs = try await bed.seedRuns(2)
            let log = TestLog()
            var settings = bed.settings(.catchAll)
            settings.transactionTimeout = .seconds(2)
            try await bed.withWorker(settings, logger: log.logger) { _ in
                try await bed.emit(runs[0].data(model: "m0"), id: "0", key: "m0")
                _ = try await bed.phases(untilEnded: 1)
                // Asked again and again, until the transaction's time is up.
                try await mock.fail(
                    .endTransaction,
                    with: Array(repeating: "COORDINATOR_NOT_AVAILABLE", count: 600)
                )
                try await bed.emit(runs[1].data(model: "m1"), id: "1", key: "m1")
                try await log.first("producer unusable; reloading every partition from the journal")
                try await mock.fail(.endTransaction, with: [])
                let phases = try await bed.phases(untilEnded: 2)
                #expect(phases.values.allSatisfy { $0.last == "deployed" })
            }
            #expect(try await bed.audit().created == ["version": 2, "model": 2, "build": 2, "deployment": 2])
        }
    }
}

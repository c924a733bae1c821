// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Telemetry
import TestSupport
import Testing
import Values

@testable import Worker

/// Rule 23 on a genuine Kafka: what stands behind an open transaction is lag, and a partition that it holds up for long is named.
@Suite(
    .enabled(if: KafkaFixture.genuineBootstrap != nil, "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"),
    .timeLimit(.minutes(2))
)
struct OpenTransactionBrokerTests {
    /// Shorter than the five seconds between two looks: who has not moved from one look to the next stands.
    private static let patience = Duration.seconds(3)
    private static let partition = Partition(rawValue: 2)

    private struct Watched: Sendable {
        let worker: Worker
        let registry: MetricsRegistry

        var partitions: String? { self.worker.health.snapshot.first { $0.name == "partitions" }?.cause }
        var reading: String? { self.worker.health.snapshot.first { $0.name == "reading" }?.cause }

        /// Waits until the partition is so many offsets behind.
        func lag(_ count: Int) async throws {
            let line = "slipway_consumer_lag{partition=\"events0-\(OpenTransactionBrokerTests.partition)\"} \(count)\n"
            while !self.registry.prometheusText().contains(line) { try await Task.sleep(for: .milliseconds(20)) }
        }

        /// Waits until readiness says of reading what is asked for.
        func reading(_ isWanted: (String?) -> Bool) async throws {
            while !isWanted(self.reading) { try await Task.sleep(for: .milliseconds(20)) }
        }
    }

    /// Runs `body` with a worker that soon says what stands.
    private func withWorker(
        _ bed: WorkerFixture,
        _ log: TestLog = TestLog(),
        _ body: @escaping @Sendable (Watched) async throws -> Void
    ) async throws {
        var settings = bed.settings(.catchAll)
        settings.stallAfter = Self.patience
        let registry = MetricsRegistry()
        try await bed.withWorker(settings, registry: registry, logger: log.logger) { worker in
            try await body(Watched(worker: worker, registry: registry))
        }
    }

    private static func records(_ count: Int, _ bed: WorkerFixture) -> [ProducerRecord] {
        (0..<count).map {
            ProducerRecord(topic: bed.events, partition: Self.partition, key: nil, value: Array("no event \($0)".utf8))
        }
    }

    @Test func aPartitionBehindAnOpenTransactionIsNamedUntilThatEnds() async throws {
        try await WorkerFixture.with(genuine: true) { bed in
            try await self.withWorker(bed) { watched in
                try await watched.lag(0)
                try await bed.withOpenTransaction({ _ in Self.records(1, bed) }) { transaction in
                    try await watched.reading { $0 != nil }
                    let words = "partition \(Self.partition) of '\(bed.events)' stands at offset 0, 1 before its end"
                    #expect(watched.reading?.hasPrefix(words) == true, "\(watched.reading ?? "")")
                    #expect(!watched.worker.health.isReady)
                    try await watched.lag(1)
                    try await transaction.letGo()
                    try await watched.reading { $0 == nil }
                    try await watched.lag(0)
                }
            }
        }
    }

    /// The same where the journal is read: a partition that can't be taken over says why.
    @Test func aRestoreBehindAnOpenTransactionIsNamedUntilThatEnds() async throws {
        try await WorkerFixture.with(genuine: true) { bed in
            let journal = TopicPartition(topic: bed.topics.journal, partition: Self.partition)
            let record = ProducerRecord(
                topic: journal.topic,
                partition: journal.partition,
                key: Array("barrier".utf8),
                value: nil
            )
            try await bed.withOpenTransaction({ _ in [record] }) { transaction in
                try await self.withWorker(bed) { watched in
                    let words = "an open transaction begins at offset 0 of journal partition \(Self.partition)"
                    while watched.partitions?.contains(words) != true { try await Task.sleep(for: .milliseconds(20)) }
                    #expect(!watched.worker.health.isReady)
                    try await transaction.letGo()
                    while !watched.worker.health.isReady { try await Task.sleep(for: .milliseconds(20)) }
                }
            }
        }
    }

    /// At each look a transaction is open, and it is never the one of the look before.
    @Test func ordinaryTransactionsMakeNobodyUnready() async throws {
        try await WorkerFixture.with(genuine: true) { bed in
            let log = TestLog()
            try await self.withWorker(bed, log) { watched in
                try await watched.lag(0)
                for count in 1...4 {
                    try await bed.withOpenTransaction({ _ in Self.records(count, bed) }) { transaction in
                        try await watched.lag(count)
                        try await transaction.letGo()
                    }
                }
                try await watched.lag(0)
            }
            #expect(log.count("a partition stands still though there is something to read") == 0)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Values

extension Bench {
    /// A worker that takes a partition over whose journal is long and nearly all finished.
    func restore(_ fixture: BenchFixture, _ topics: BenchTopics, _ workbench: SimulatedWorkbench) async throws -> Figure
    {
        let count = self.settings.journalRecords
        self.progress("a journal of \(count) records")
        try await self.writeJournal(count, fixture, topics, workbench)
        let bare = try await Self.bareScan(fixture, TopicPartition(topics.journal, 0))
        var rates: [Double] = []
        for _ in 0..<self.settings.rounds {
            let page = try await fixture.withWorker(topics, workbench) { try await $0.metrics() }
            let records = page.value("slipway_restored_records_total")
            guard records >= Double(count) else { throw BenchFailure("only \(records) records were restored") }
            rates.append(records / page.value("slipway_restore_seconds_sum"))
        }
        return Figure(
            name: "restoredRecordsPerSecond",
            title: "journal restored, records",
            value: rates.max() ?? 0,
            unit: "/s",
            target: .atLeast(300_000),
            limit: Figure.Limit(
                text: "a bare reader of the same partition",
                value: Double(bare.records) / bare.seconds,
                unit: "/s"
            ),
            note: "best of \(rates.map { Figure.text($0, "") }.joined(separator: " ")), \(count) records, one in a "
                + "thousand unfinished, from assignment until the partition's events are let in"
        )
    }

    func writeJournal(
        _ count: Int,
        _ fixture: BenchFixture,
        _ topics: BenchTopics,
        _ workbench: SimulatedWorkbench
    ) async throws {
        // As the worker's own producer does.
        let properties = [
            KafkaProperties.Property("bootstrap.servers", fixture.bootstrap), .init("compression.type", "lz4"),
        ]
        let producer = try Producer(properties: try KafkaProperties(properties))
        do {
            _ = try await producer.send(EndedRollout.start(in: topics, workbench: workbench.url))
            var written = 0
            while written < count {
                let portion = min(2_000, count - written)
                let records = try (written..<written + portion).map { try EndedRollout(number: $0).record(in: topics) }
                for report in await producer.sendAll(records) { _ = try report.get() }
                written += portion
            }
            await producer.close()
        } catch {
            await producer.close()
            throw error
        }
    }
}

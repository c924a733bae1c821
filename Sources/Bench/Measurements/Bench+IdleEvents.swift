// SPDX-License-Identifier: Apache-2.0

import Kafka
import Synchronization
import Values

extension Bench {
    /// Events that need no work: a worker that finds them when it starts, and how fast it is through with them.
    func idleEvents(
        _ fixture: BenchFixture,
        _ topics: BenchTopics,
        _ workbench: SimulatedWorkbench
    ) async throws -> [Figure] {
        let count = self.settings.idleEvents
        let producer = try Producer(properties: fixture.kafka)
        do {
            self.progress("\(count) repeated events")
            let known = LoadGenerator(topics: topics, workbench: workbench, series: "round0")
            try await known.send(count, distinct: self.settings.rollouts, by: producer)
            let bare = try await self.bareRecords(fixture, topics)
            let repeated = try await self.rate(of: "duplicate", count, fixture, topics, workbench)
            self.progress("\(count / 4) events without a route")
            let unwanted = LoadGenerator(topics: topics, workbench: workbench, series: "unwanted", isWanted: false)
            try await unwanted.send(count / 4, distinct: count / 4, by: producer)
            let skipped = try await self.rate(of: "accepted", count / 4, fixture, topics, workbench)
            await producer.close()
            let limit = Figure.Limit(text: "a bare reader of the same topic", value: bare, unit: "/s")
            return [
                self.figure("duplicatesPerSecond", "events already known", repeated, limit),
                self.figure(
                    "unwantedPerSecond",
                    "events without a route",
                    skipped,
                    limit,
                    note: "each is a journal record and a status event"
                ),
            ].compactMap(\.self)
        } catch {
            await producer.close()
            throw error
        }
    }

    private func figure(
        _ name: String,
        _ title: String,
        _ rate: Double?,
        _ limit: Figure.Limit,
        note: String = ""
    ) -> Figure? {
        guard let rate else {
            self.progress("\(title): through within the first look, no rate; --idle-events gives more of them")
            return nil
        }
        return Figure(name: name, title: title, value: rate, unit: "/s", limit: limit, note: note)
    }

    /// Events a second, from the first look that sees any until all are through; `nil` where that is one look.
    private func rate(
        of outcome: String,
        _ count: Int,
        _ fixture: BenchFixture,
        _ topics: BenchTopics,
        _ workbench: SimulatedWorkbench
    ) async throws -> Double? {
        let worker = try await WorkerProcess(fixture, topics, workbench)
        do {
            var first: (at: ContinuousClock.Instant, count: Double)?
            let last = try await worker.metrics(
                within: .seconds(120),
                every: .milliseconds(50),
                "\(count) events are not through"
            ) { page in
                let done = page.value("slipway_events_total", ["outcome": outcome])
                if first == nil, done > 0 { first = (.now, done) }
                return done >= Double(count)
            }
            await worker.stop()
            let done = last.page.value("slipway_events_total", ["outcome": outcome])
            guard let first, first.count < done else { return nil }
            return (done - first.count) / ((last.at - first.at) / .seconds(1))
        } catch {
            await worker.stop()
            throw error
        }
    }

    /// Records a second that a bare reader takes from the events topic, one partition after the other.
    private func bareRecords(_ fixture: BenchFixture, _ topics: BenchTopics) async throws -> Double {
        var (records, seconds) = (0, 0.0)
        for partition in topics.partitions {
            let scan = try await Self.bareScan(fixture, partition)
            records += scan.records
            seconds += scan.seconds
        }
        return Double(records) / seconds
    }

    /// Reads a partition from its beginning to its end and only counts.
    static func bareScan(
        _ fixture: BenchFixture,
        _ partition: TopicPartition
    ) async throws -> (records: Int, seconds: Double) {
        let reader = try PartitionReader(properties: fixture.kafka)
        let counter = Counter()
        do {
            let end = try await reader.endOffset(partition)
            let start = ContinuousClock.now
            _ = try await reader.scan(partition, from: Offset(rawValue: 0), until: end) { _ in
                counter.records.add(1, ordering: .relaxed)
            }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            await reader.close()
            return (counter.records.load(ordering: .relaxed), seconds)
        } catch {
            await reader.close()
            throw error
        }
    }

    private final class Counter: Sendable {
        let records = Atomic(0)
    }
}

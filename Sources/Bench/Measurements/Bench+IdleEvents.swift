// SPDX-License-Identifier: Apache-2.0

import Kafka
import Processes
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
        let known = LoadGenerator(topics: topics, workbench: workbench, series: "round0")
        let unwanted = LoadGenerator(topics: topics, workbench: workbench, series: "unwanted", isWanted: false)
        var figures: [Figure?] = []
        var bare: Double?
        if self.settings.only.contains(.known) {
            self.progress("\(count) repeated events")
            try await fixture.send(count, distinct: self.settings.rollouts, known)
            bare = try await self.bareRecords(fixture, topics)
            let rate = try await self.rate(of: "duplicate", count, fixture, topics, workbench)
            figures.append(self.figure("duplicatesPerSecond", "events already known", rate, bare))
        }
        if self.settings.only.contains(.unwanted) {
            self.progress("\(count / 4) events without a route")
            try await fixture.send(count / 4, distinct: count / 4, unwanted)
            if bare == nil { bare = try await self.bareRecords(fixture, topics) }
            let rate = try await self.rate(of: "accepted", count / 4, fixture, topics, workbench)
            let note = "each is a journal record and a status event"
            figures.append(self.figure("unwantedPerSecond", "events without a route", rate, bare, note: note))
        }
        return figures.compactMap(\.self)
    }

    private func figure(
        _ name: String,
        _ title: String,
        _ rate: Double?,
        _ bare: Double?,
        note: String = ""
    ) -> Figure? {
        guard let rate else {
            self.progress("\(title): through within the first look, no rate; --idle-events gives more of them")
            return nil
        }
        let limit = bare.map { Figure.Limit(text: "a bare reader of the same topic", value: $0, unit: "/s") }
        return Figure(name: name, title: title, value: rate, unit: "/s", limit: limit, note: note)
    }

    private func rate(
        of outcome: String,
        _ count: Int,
        _ fixture: BenchFixture,
        _ topics: BenchTopics,
        _ workbench: SimulatedWorkbench
    ) async throws -> Double? {
        let worker = try await WorkerProcess(fixture, topics, workbench)
        do {
            let passage = try await self.passage(of: outcome, count, worker)
            await worker.stop()
            return passage.map { Double($0.events) / ($0.took / .seconds(1)) }
        } catch {
            await worker.stop()
            throw error
        }
    }

    /// How a worker got through a backlog, from the first look that saw any of it go until all was through.
    struct Passage {
        /// Events between the two looks.
        var events: Int
        var took: Duration
        /// Time of the worker.
        var worked: Duration
    }

    /// Watches a worker that has just started; `nil` where it was through within one look.
    func passage(of outcome: String, _ count: Int, _ worker: WorkerProcess) async throws -> Passage? {
        var first: (at: ContinuousClock.Instant, count: Double, usage: Duration)?
        let last = try await worker.metrics(
            within: .seconds(120),
            every: .milliseconds(50),
            "\(count) events are not through"
        ) { page in
            let done = page.value("slipway_events_total", ["outcome": outcome])
            if first == nil, done > 0, let usage = try? worker.usage() { first = (.now, done, usage.processorTime) }
            return done >= Double(count)
        }
        let worked = try worker.usage().processorTime
        let done = last.page.value("slipway_events_total", ["outcome": outcome])
        guard let first, first.count < done else { return nil }
        return Passage(events: Int(done - first.count), took: last.at - first.at, worked: worked - first.usage)
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

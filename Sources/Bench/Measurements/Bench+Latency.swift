// SPDX-License-Identifier: Apache-2.0

import Kafka
import Values

extension Bench {
    /// Single events on a worker that is otherwise idle but has worked before, as its broker has: how long until its calls.
    func latency(
        _ fixture: BenchFixture,
        _ topics: BenchTopics,
        _ workbench: SimulatedWorkbench,
        _ worker: WorkerProcess
    ) async throws -> [Figure] {
        let producer = try Producer(properties: fixture.kafka)
        let generator = LoadGenerator(topics: topics, workbench: workbench, series: "single")
        var arrivals: [Double] = []
        do {
            let earlier = Int(try await worker.metrics().value("slipway_rollouts_total", ["outcome": "deployed"]))
            // The first ones find connections and producer cold.
            let warming = self.settings.singles / 4 + 1
            try await self.trickle(0..<warming, generator, producer)
            let before = try await self.settled(worker, deployed: earlier + warming)
            try await self.trickle(warming..<warming + self.settings.singles, generator, producer)
            let after = try await self.settled(worker, deployed: earlier + warming + self.settings.singles)
            arrivals = try await self.bareArrivals(fixture, topics, generator, producer)
            await producer.close()
            return self.figures(before, after, arrivals)
        } catch {
            await producer.close()
            throw error
        }
    }

    private func trickle(_ numbers: Range<Int>, _ generator: LoadGenerator, _ producer: Producer) async throws {
        for number in numbers {
            _ = try await producer.send(generator.record(number))
            try await Task.sleep(for: .milliseconds(25))
        }
    }

    private func settled(_ worker: WorkerProcess, deployed: Int) async throws -> MetricsPage {
        try await worker.metrics(within: .seconds(60), "\(deployed) rollouts are not deployed") { page in
            page.value("slipway_rollouts_total", ["outcome": "deployed"]) >= Double(deployed)
        }.page
    }

    /// Milliseconds from handing a record to a bare producer until a bare reader has it.
    private func bareArrivals(
        _ fixture: BenchFixture,
        _ topics: BenchTopics,
        _ generator: LoadGenerator,
        _ producer: Producer
    ) async throws -> [Double] {
        let reader = try PartitionReader(properties: fixture.kafka, isolation: .uncommitted)
        var arrivals: [Double] = []
        do {
            var ends: [TopicPartition: Offset] = [:]
            let partitions = TopicPartition.all(of: topics.dead, count: topics.partitionCount)
            for partition in partitions { ends[partition] = try await reader.endOffset(partition) }
            try await reader.assign(ends)
            for number in 0..<self.settings.singles {
                var record = generator.record(number)
                record.topic = topics.dead
                let start = ContinuousClock.now
                async let place = producer.send(record)
                let deadline = start + .seconds(10)
                while try await reader.poll(maximum: 1, timeout: .milliseconds(500)).records.isEmpty {
                    guard ContinuousClock.now < deadline else { throw BenchFailure("a record does not arrive") }
                }
                arrivals.append((ContinuousClock.now - start) / .milliseconds(1))
                _ = try await place
            }
            await reader.close()
            return arrivals
        } catch {
            await reader.close()
            throw error
        }
    }

    private func figures(_ before: MetricsPage, _ after: MetricsPage, _ arrivals: [Double]) -> [Figure] {
        func quantile(_ name: String, _ share: Double) -> Double {
            let reading = after.histogram(name).since(before.histogram(name))
            return (reading.quantile(share) ?? .infinity) * 1_000
        }
        let call = "slipway_event_to_first_call_seconds"
        let create = "slipway_event_to_first_create_seconds"
        let sorted = arrivals.sorted()
        let arrival = Figure.Limit(
            text: "a record from a bare producer to a bare reader, median",
            value: sorted.isEmpty ? 0 : sorted[sorted.count / 2],
            unit: "ms"
        )
        let transaction = Figure.Limit(
            text: "one of the worker's transactions, median",
            value: quantile("slipway_journal_transaction_seconds", 0.5),
            unit: "ms"
        )
        func figure(_ name: String, _ title: String, _ metric: String, _ share: Double) -> Figure {
            Figure(name: name, title: title, value: quantile(metric, share), unit: "ms")
        }
        var figures = [
            figure("eventToFirstCallMedian", "event to first API call, median", call, 0.5),
            figure("eventToFirstCall99", "event to first API call, p99", call, 0.99),
            figure("eventToFirstCreateMedian", "event to first creating call, median", create, 0.5),
            figure("eventToFirstCreate99", "event to first creating call, p99", create, 0.99),
        ]
        figures[0].target = .atMost(5)
        figures[0].limit = arrival
        figures[2].target = .atMost(40)
        figures[2].limit = transaction
        return figures
    }
}

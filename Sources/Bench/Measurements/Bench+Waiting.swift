// SPDX-License-Identifier: Apache-2.0

import Kafka
import Processes

extension Bench {
    /// Rollouts whose builds take an hour: what they take while they wait.
    func waiting(_ fixture: BenchFixture, _ topics: BenchTopics, _ workbench: SimulatedWorkbench) async throws {
        try await workbench.setBuilding("60m", by: fixture.client)
        let settings = ["SLIPWAY_POLLING_MINIMUM": "10m", "SLIPWAY_POLLING_MAXIMUM": "1h"]
        try await fixture.withWorker(topics, workbench, settings) { worker in
            let empty = try worker.usage().residentBytes
            var sent = 0
            for goal in self.settings.waiting.sorted() where goal > sent {
                self.progress("\(goal) rollouts that wait for their builds")
                try await self.fill(from: sent, to: goal, fixture, topics, workbench, worker)
                sent = goal
                let resident = try worker.usage().residentBytes
                self.memory(of: goal, resident, above: empty).forEach(self.take)
            }
        }
    }

    /// Sends events for new models until so many rollouts wait for their builds.
    func fill(
        from sent: Int,
        to goal: Int,
        _ fixture: BenchFixture,
        _ topics: BenchTopics,
        _ workbench: SimulatedWorkbench,
        _ worker: WorkerProcess
    ) async throws {
        let producer = try Producer(properties: fixture.kafka)
        let generator = LoadGenerator(topics: topics, workbench: workbench, series: "waiting\(sent)")
        do {
            try await generator.send(goal - sent, distinct: goal - sent, by: producer)
            await producer.close()
        } catch {
            await producer.close()
            throw error
        }
        // A hundred a second at the least, or something is wrong.
        let limit = Duration.seconds(60 + goal / 100)
        try await worker.metrics(within: limit, every: .milliseconds(200), "\(goal) rollouts do not wait") { page in
            page.value("slipway_api_calls_total", ["operation": "CreateModelBuild"]) >= Double(goal)
        }
        // The last transactions end, and the allocator gives back what it does.
        try await Task.sleep(for: .seconds(3))
    }

    private func memory(of count: Int, _ resident: Int, above empty: Int) -> [Figure] {
        [
            Figure(
                name: "memoryOf\(count)Waiting",
                title: "\(Figure.text(Double(count), "waiting")), memory",
                value: Self.mebibytes(resident),
                unit: "MiB",
                target: count == 10_000 ? .atMost(60) : nil
            ),
            Figure(
                name: "bytesEachOf\(count)Waiting",
                title: "    each",
                value: Double(resident - empty) / Double(count),
                unit: "bytes",
                note: "above the \(Figure.text(Self.mebibytes(empty), "MiB")) of the same worker before its first event"
            ),
        ]
    }
}

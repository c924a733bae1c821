// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import HTTPValues
import Kafka
import Processes
import Values

extension Bench {
    /// Whole rollouts, as many at a time as may be.
    func rollouts(
        _ fixture: BenchFixture,
        _ topics: BenchTopics,
        _ workbench: SimulatedWorkbench,
        _ worker: WorkerProcess
    ) async throws -> [Figure] {
        let count = self.settings.rollouts
        var rates: [Double] = []
        let callsBefore = try await worker.metrics().value("slipway_api_calls_total")
        let usageBefore = try worker.usage()
        for round in 0..<self.settings.rounds {
            rates.append(try await self.round("round\(round)", fixture, topics, workbench, worker))
        }
        let calls = try await worker.metrics().value("slipway_api_calls_total") - callsBefore
        let callsEach = calls / Double(count * self.settings.rounds)
        let worked = try worker.usage().processorTime - usageBefore.processorTime
        let requests = try await self.bareRequests(workbench)
        let list = rates.map { Figure.text($0, "") }.joined(separator: " ")
        let throughput = Figure(
            name: "rolloutsPerSecond",
            title: "rollouts, \(self.settings.concurrency) calls at a time",
            value: rates.max() ?? 0,
            unit: "/s",
            target: .atLeast(500),
            limit: Figure.Limit(
                text: "a bare client's \(Figure.text(requests, "requests/s")) on the same sandbox are, "
                    + "at \(Figure.text(callsEach, "calls")) a rollout,",
                value: requests / callsEach,
                unit: "/s"
            ),
            note: "best of \(list), \(count) rollouts each, first event sent to last rollout deployed"
        )
        let work = Figure(
            name: "processorTimePerRollout",
            title: "    of the worker, each",
            value: worked / .milliseconds(count * self.settings.rounds),
            unit: "ms of a core"
        )
        return [throughput, work]
    }

    /// Rollouts a second, from the first event sent to the last rollout deployed.
    func round(
        _ name: String,
        _ fixture: BenchFixture,
        _ topics: BenchTopics,
        _ workbench: SimulatedWorkbench,
        _ worker: WorkerProcess
    ) async throws -> Double {
        let count = self.settings.rollouts
        let series = ["outcome": "deployed"]
        let before = try await worker.metrics().value("slipway_rollouts_total", series)
        let producer = try Producer(properties: fixture.kafka)
        let generator = LoadGenerator(topics: topics, workbench: workbench, series: name)
        do {
            let start = ContinuousClock.now
            try await generator.send(count, distinct: count, by: producer)
            let goal = before + Double(count)
            let end = try await worker.metrics(
                within: .seconds(180),
                every: .milliseconds(50),
                "\(count) rollouts are not deployed"
            ) {
                $0.value("slipway_rollouts_total", series) >= goal
            }.at
            await producer.close()
            return Double(count) / ((end - start) / .seconds(1))
        } catch {
            await producer.close()
            throw error
        }
    }

    /// Requests a second that the bare client makes of the sandbox, reading runs.
    private func bareRequests(_ workbench: SimulatedWorkbench) async throws -> Double {
        let client = HTTPClient()
        let start = ContinuousClock.now
        let end = start + self.settings.bareTime
        let total: Int
        do {
            total = try await withThrowingTaskGroup(of: Int.self) { group in
                for lane in 0..<self.settings.concurrency {
                    group.addTask { try await self.readRuns(workbench, from: lane, until: end, client) }
                }
                return try await group.reduce(0, +)
            }
        } catch {
            await client.close()
            throw error
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        await client.close()
        return Double(total) / seconds
    }

    private func readRuns(
        _ workbench: SimulatedWorkbench,
        from first: Int,
        until end: ContinuousClock.Instant,
        _ client: HTTPClient
    ) async throws -> Int {
        var count = 0
        // At least once: on a busy machine the time may be over before a lane begins.
        repeat {
            let url = workbench.url + workbench.runPath(first + count)
            let response = try await client.send(HTTPRequest(method: "GET", url: url, headers: workbench.headers))
            guard response.status == 200 else { throw BenchFailure("the sandbox answers \(response.status)") }
            count += 1
        } while ContinuousClock.now < end
        return count
    }
}

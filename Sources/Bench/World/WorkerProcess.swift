// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPClient
import HTTPValues
import JSON
import Processes

/// `slipway run` as a process of its own.
struct WorkerProcess: Sendable {
    /// From its start to where it polls Kafka for the first time.
    let startToPoll: Duration
    private let process: ChildProcess
    private let operations: String
    private let client: HTTPClient

    /// Starts a worker and waits until it polls.
    ///
    /// - Parameters:
    ///   - fixture: What it works with.
    ///   - topics: Where it reads and writes.
    ///   - workbench: The workbench.
    ///   - settings: Further settings, by the name of their environment variable.
    ///   - program: Its path; ours unless given.
    /// - Throws: `BenchFailure` when it ends or is not there within a minute.
    init(
        _ fixture: BenchFixture,
        _ topics: BenchTopics,
        _ workbench: SimulatedWorkbench,
        _ settings: [String: String] = [:],
        program: String? = nil
    ) async throws {
        let process = try ChildProcess(
            program ?? fixture.settings.worker,
            ["run"],
            environment: Self.environment(fixture, topics, workbench).merging(settings) { $1 }
        )
        let found = await Self.lines(of: process, within: .seconds(60))
        guard let operations = found.operations, let polling = found.pollingAt else {
            await process.stop(patience: .seconds(5))
            throw BenchFailure("slipway run did not start: \(found.last)")
        }
        self.process = process
        self.operations = operations
        self.client = fixture.client
        self.startToPoll = polling - process.startedAt
    }

    private static func environment(
        _ fixture: BenchFixture,
        _ topics: BenchTopics,
        _ workbench: SimulatedWorkbench
    ) -> [String: String] {
        [
            "SLIPWAY_KAFKA_BOOTSTRAP_SERVERS": fixture.bootstrap,
            "SLIPWAY_KAFKA_GROUP_ID": topics.groupID,
            "SLIPWAY_TOPICS_EVENTS": topics.events,
            "SLIPWAY_TOPICS_INBOX": topics.inbox,
            "SLIPWAY_TOPICS_STATUS": topics.status,
            "SLIPWAY_TOPICS_JOURNAL": topics.journal,
            "SLIPWAY_TOPICS_COMMANDS": topics.commands,
            "SLIPWAY_TOPICS_DEAD": topics.dead,
            "SLIPWAY_INTAKE_START_FROM": "beginning",
            "SLIPWAY_INTAKE_MAXIMUM_UNFINISHED": "1000000",
            "SLIPWAY_WORKBENCH_URL": workbench.url,
            "SLIPWAY_WORKBENCH_MODEL_SERVICE_URL": "\(workbench.url)/modelservice",
            "SLIPWAY_WORKBENCH_API_KEY": workbench.apiKey,
            "SLIPWAY_WORKBENCH_MAXIMUM_CONCURRENT_CALLS": String(fixture.settings.concurrency),
            "SLIPWAY_WORKBENCH_MAXIMUM_CALLS_PER_SECOND": "0",
            "SLIPWAY_POLLING_MINIMUM": "5ms",
            "SLIPWAY_OPERATIONS_ADDRESS": "127.0.0.1:0",
            "SLIPWAY_ROUTES": fixture.routesFile,
            "SLIPWAY_LOG_LEVEL": "notice",
            "SLIPWAY_LOG_FORMAT": "json",
        ]
    }

    private struct Beginning: Sendable {
        var operations: String?
        var pollingAt: ContinuousClock.Instant?
        var last = "no output"
    }

    /// Reads the log until it says that the worker has subscribed, from where on it polls.
    private static func lines(of process: ChildProcess, within limit: Duration) async -> Beginning {
        var found = Beginning()
        await withDiscardingTaskGroup { group in
            group.addTask {
                // A worker that neither starts nor ends is ended, which ends its lines, too.
                do { try await Task.sleep(for: limit) } catch { return }
                process.signal(SIGKILL)
            }
            for await line in process.lines {
                found.last = line.text
                guard let value = try? JSONValue(parsing: Array(line.text.utf8)) else { continue }
                switch value["message"]?.text {
                case "operations listen": found.operations = value["url"]?.text
                case "started": found.pollingAt = line.at
                default: break
                }
                if found.pollingAt != nil { break }
            }
            group.cancelAll()
        }
        return found
    }

    /// What it takes of the machine.
    ///
    /// - Throws: `BenchFailure` if it has ended.
    func usage() throws -> ProcessUsage {
        guard let usage = ProcessUsage(of: self.process.number) else { throw self.ended }
        return usage
    }

    /// Its metrics now.
    func metrics() async throws -> MetricsPage {
        guard self.process.end == nil else { throw self.ended }
        let response = try await self.client.send(HTTPRequest(method: "GET", url: self.operations + "/metrics"))
        return MetricsPage(String(decoding: response.body, as: UTF8.self))
    }

    /// Waits until it is ready, which is when it has taken partitions over.
    func waitUntilReady(within limit: Duration = .seconds(60)) async throws {
        try await self.poll(within: limit, what: "the worker is not ready") {
            try await self.client.send(HTTPRequest(method: "GET", url: self.operations + "/readyz")).status == 200
        }
    }

    /// Reads metrics until `isDone` says so.
    ///
    /// - Returns: The last page, and when it was asked for.
    @discardableResult
    func metrics(
        within limit: Duration,
        every interval: Duration = .milliseconds(10),
        _ what: String,
        until isDone: (MetricsPage) -> Bool
    ) async throws -> (page: MetricsPage, at: ContinuousClock.Instant) {
        var last = MetricsPage("")
        var at = ContinuousClock.now
        try await self.poll(within: limit, every: interval, what: what) {
            at = .now
            last = try await self.metrics()
            return isDone(last)
        }
        return (last, at)
    }

    private func poll(
        within limit: Duration,
        every interval: Duration = .milliseconds(10),
        what: String,
        _ isDone: () async throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + limit
        while try await !isDone() {
            guard self.process.end == nil else { throw self.ended }
            guard ContinuousClock.now < deadline else { throw BenchFailure("\(what) within \(limit)") }
            try await Task.sleep(for: interval)
        }
    }

    private var ended: BenchFailure {
        BenchFailure("slipway run has ended: \(self.process.end.map { "\($0)" } ?? "unknown")")
    }

    /// Kills it (SIGKILL).
    ///
    /// - Returns: The moment before the signal.
    func kill() -> ContinuousClock.Instant {
        let moment = ContinuousClock.now
        self.process.signal(SIGKILL)
        return moment
    }

    /// Stops it in order; does nothing once it has ended.
    func stop() async { await self.process.stop(patience: .seconds(40)) }
}

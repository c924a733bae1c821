// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPServer
import Kafka
import Processes
import Rollouts
import TestSupport
import Testing
import WorkbenchSandbox

/// How the process of `slipway run` ends when it is stuck or told to: its status, and its last words.
@Suite("run: ends of the process", .timeLimit(.minutes(2)))
struct WorkerProcessTests {
    private static let key = "test-key-0123456789"

    /// Runs `body` with a worker whose first transaction never ends.
    private func withStuckWorker(
        _ variables: [String: String],
        _ body: (ChildProcess) async throws -> Void
    ) async throws {
        let sandbox = try SandboxServer(settings: SandboxServer.Settings(apiKey: Self.key, seed: 7))
        let url = try sandbox.start().url
        let names = TopicNames().all
        let result: Result<Void, any Error>
        do {
            try await KafkaFixture.withMock(topics: Dictionary(uniqueKeysWithValues: names.map { ($0, 1) })) {
                cluster,
                _ in
                let environment = [
                    "SLIPWAY_KAFKA_BOOTSTRAP_SERVERS": cluster.bootstrapServers,
                    "SLIPWAY_WORKBENCH_URL": url,
                    "SLIPWAY_WORKBENCH_API_KEY": Self.key,
                    "SLIPWAY_OPERATIONS_ADDRESS": "127.0.0.1:0",
                    "DRILL_STOP": "beforeTransaction:1:hold",
                ]
                let worker = try ChildProcess(
                    try DrillFixture.worker(),
                    ["run"],
                    environment: environment.merging(variables) { $1 }
                )
                do {
                    try await body(worker)
                } catch {
                    await worker.stop(patience: .zero)
                    throw error
                }
                await worker.stop(patience: .zero)
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await sandbox.stop(grace: .zero)
        try result.get()
    }

    /// Reads on until a line holds `text`.
    private func line(of worker: ChildProcess, with text: String) async throws -> String {
        for await line in worker.lines where line.text.contains(text) { return line.text }
        throw Missing(text: text)
    }

    private struct Missing: Error {
        let text: String
    }

    @Test func aStuckWorkerEndsWithItsOwnStatusAndNamesTheCause() async throws {
        // The least that is allowed.
        let variables = ["SLIPWAY_PROGRESS_STALL_AFTER": "5s", "SLIPWAY_PROGRESS_EXIT_AFTER": "5s"]
        try await self.withStuckWorker(variables) { worker in
            let last = try await self.line(of: worker, with: "stuck, ending the process")
            #expect(last.contains("a journal transaction has been under way for "))
            #expect(await worker.wait(until: .now + .seconds(30)) == .exited(5))
        }
    }

    @Test(arguments: [(SIGTERM, SIGTERM), (SIGTERM, SIGINT), (SIGINT, SIGTERM)])
    func theSecondSignalEndsItAtOnce(first: Int32, second: Int32) async throws {
        // In order it would stop after ten minutes, since its transaction doesn't end.
        try await self.withStuckWorker(["SLIPWAY_SHUTDOWN_DEADLINE": "10m"]) { worker in
            // Before that a stop in order is over at once.
            _ = try await self.line(of: worker, with: "held at beforeTransaction")
            worker.signal(first)
            _ = try await self.line(of: worker, with: "stopping")
            #expect(worker.end == nil)
            worker.signal(second)
            #expect(await worker.wait(until: .now + .seconds(30)) == .killed(second))
        }
    }
}

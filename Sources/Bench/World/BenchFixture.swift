// SPDX-License-Identifier: Apache-2.0

import Files
import FoundationEssentials
import HTTPClient
import Kafka
import Processes

/// What all measurements share: Kafka, a client, a folder for files.
struct BenchFixture: Sendable {
    let settings: BenchSettings
    let bootstrap: String
    let kafka: KafkaProperties
    let client: HTTPClient
    let folder: String
    /// Distinguishes this run's topics from those of others.
    let run: String
    private let mock: MockCluster?

    /// The routes: every run of the experiment that the workbench has; all else is not wanted.
    var routesFile: String { "\(self.folder)/routes.yaml" }

    /// Runs `body` with everything set up, and takes everything down.
    ///
    /// - Parameters:
    ///   - settings: What is measured.
    ///   - report: Takes what could not be taken down, a sentence each.
    ///   - body: Measures.
    /// - Returns: What `body` returned.
    /// - Throws: What it threw; errors of setting up.
    static func with<Result>(
        _ settings: BenchSettings,
        report: (String) -> Void,
        _ body: (BenchFixture) async throws -> Result
    ) async throws -> Result {
        let mock = settings.isGenuine ? nil : try MockCluster()
        let run = String(UInt32.random(in: 0...UInt32.max), radix: 36)
        let folder = FileManager.default.temporaryDirectory.appending(path: "slipway-bench-\(run)").path
        let client = HTTPClient()
        let result: Swift.Result<Result, any Error>
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let bootstrap = settings.bootstrap ?? mock?.bootstrapServers ?? ""
            let fixture = BenchFixture(
                settings: settings,
                bootstrap: bootstrap,
                kafka: try KafkaProperties(bootstrapServers: bootstrap),
                client: client,
                folder: folder,
                run: run,
                mock: mock
            )
            let routes = "routes:\n  - name: bench\n    match:\n      experiment: \(SimulatedWorkbench.experimentID)\n"
            try FileWriter.write(Array(routes.utf8), to: fixture.routesFile)
            result = .success(try await body(fixture))
        } catch {
            result = .failure(error)
        }
        await client.close()
        await mock?.close()
        do {
            try FileManager.default.removeItem(atPath: folder)
        } catch {
            // No reason to give the figures up.
            report("\(folder) could not be removed: \(error)")
        }
        return try result.get()
    }

    /// Runs `body` with the topics of a scenario, and deletes them.
    func withTopics<Result>(
        _ scenario: String,
        partitionCount: Int = 3,
        _ body: (BenchTopics) async throws -> Result
    ) async throws -> Result {
        let topics = BenchTopics(run: self.run, scenario: scenario, partitionCount: partitionCount)
        if let mock = self.mock {
            for name in topics.names {
                try await mock.createTopic(name, partitionCount: topics.partitionCount(of: name))
            }
            return try await body(topics)
        }
        let admin = try Admin(properties: self.kafka)
        let result: Swift.Result<Result, any Error>
        do {
            let new = topics.names.map {
                NewTopic(name: $0, partitionCount: topics.partitionCount(of: $0), settings: topics.settings(of: $0))
            }
            if let failure = try await admin.createTopics(new).values.first { throw failure }
            result = .success(try await body(topics))
        } catch {
            result = .failure(error)
        }
        do {
            _ = try await admin.deleteTopics(topics.names)
        } catch {
            await admin.close()
            throw error
        }
        await admin.close()
        return try result.get()
    }

    /// Sends events of a generator, each number below `distinct` again and again.
    func send(_ count: Int, distinct: Int, _ generator: LoadGenerator) async throws {
        let producer = try Producer(properties: self.kafka)
        do {
            try await generator.send(count, distinct: distinct, by: producer)
            await producer.close()
        } catch {
            await producer.close()
            throw error
        }
    }

    /// Runs `body` with a worker that is ready, and stops it.
    func withWorker<Result>(
        _ topics: BenchTopics,
        _ workbench: SimulatedWorkbench,
        _ settings: [String: String] = [:],
        program: String? = nil,
        _ body: (WorkerProcess) async throws -> Result
    ) async throws -> Result {
        let worker = try await WorkerProcess(self, topics, workbench, settings, program: program)
        do {
            try await worker.waitUntilReady()
            let result = try await body(worker)
            await worker.stop()
            return result
        } catch {
            await worker.stop()
            throw error
        }
    }

    /// Runs `body` with a workbench that holds so many runs, and ends it.
    func withWorkbench<Result>(runs: Int, _ body: (SimulatedWorkbench) async throws -> Result) async throws -> Result {
        let workbench = try await SimulatedWorkbench(self.settings, folder: self.folder, runCount: runs)
        do {
            let result = try await body(workbench)
            await workbench.stop()
            return result
        } catch {
            await workbench.stop()
            throw error
        }
    }
}

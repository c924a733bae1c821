// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Kafka
import Values

/// What a drill stands on: a folder, a workbench, topics and workers; put away again whatever comes of it.
struct DrillGround: Sendable {
    /// What is there while a drill is held.
    struct Site: Sendable {
        let workbench: SimulatedWorkbench
        let fleet: WorkerFleet
        let watch: HealthWatch
    }

    let settings: DrillSettings
    let kafka: KafkaProperties
    let topics: DrillTopics
    let report: @Sendable (String) -> Void

    /// Puts the time since now before what is reported.
    static func timed(_ report: @escaping @Sendable (String) -> Void) -> @Sendable (String) -> Void {
        let began = ContinuousClock.now
        return { report("\((ContinuousClock.now - began).tenths) s: \($0)") }
    }

    /// Holds a drill.
    ///
    /// - Parameters:
    ///   - workbench: The workbench; it is ended with the drill.
    ///   - routes: The workers' routes file.
    ///   - body: The drill; no worker is started yet. Returns the judgement, and whether it is clean.
    /// - Returns: The judgement.
    /// - Throws: What `body` throws, `KafkaError` and what else keeps a drill from being held.
    func hold<Ledger: Sendable>(
        _ workbench: @autoclosure () throws -> SimulatedWorkbench,
        routes: String,
        _ body: (Site) async throws -> (ledger: Ledger, isClean: Bool)
    ) async throws -> Ledger {
        let folder = try Self.makeFolder()
        let workbench = try workbench()
        do {
            try await self.topics.create(self.settings, self.kafka)
        } catch {
            await workbench.stop()
            throw error
        }
        let fleet = WorkerFleet(
            settings: self.settings,
            environment: try self.environment(workbench, folder, routes),
            folder: folder.path,
            report: self.report
        )
        let site = Site(workbench: workbench, fleet: fleet, watch: HealthWatch(fleet))
        let judged: Result<(ledger: Ledger, isClean: Bool), any Error>
        do {
            judged = .success(try await body(site))
        } catch {
            judged = .failure(error)
        }
        await fleet.kill()
        await site.watch.close()
        var isClean = false
        if case .success(let judgement) = judged { isClean = judgement.isClean }
        if !isClean { await self.keepAudit(of: workbench, in: folder) }
        await workbench.stop()
        await self.cleanUp(folder, keepsLogs: !isClean)
        return try judged.get().ledger
    }

    /// Writes what the workbench has made beside the workers' logs.
    private func keepAudit(of workbench: SimulatedWorkbench, in folder: URL) async {
        do {
            try Data(try await workbench.auditLines()).write(to: folder.appending(path: "audit.jsonl"))
        } catch {
            self.report("the workbench's audit could not be kept: \(error)")
        }
    }

    /// Removes what the drill has made; what can't be removed is told, since the judgement is worth more.
    private func cleanUp(_ folder: URL, keepsLogs: Bool) async {
        do {
            try await self.topics.delete(self.kafka)
        } catch {
            self.report("the drill's topics could not be deleted: \(error)")
        }
        guard !keepsLogs else {
            self.report("the workers' logs and the workbench's audit are kept in \(folder.path)")
            return
        }
        do {
            try FileManager.default.removeItem(at: folder)
        } catch {
            self.report("\(folder.path) could not be removed: \(error)")
        }
    }

    private static func makeFolder() throws -> URL {
        let name = "slipway-drill-\(UInt64.random(in: .min ... .max))"
        let folder = FileManager.default.temporaryDirectory.appending(path: name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    // MARK: What the workers go by

    private func environment(
        _ workbench: SimulatedWorkbench,
        _ folder: URL,
        _ text: String
    ) throws -> [String: String] {
        let routes = folder.appending(path: "routes.yaml")
        try Data(text.utf8).write(to: routes)
        // A file of its own, so that none that lies about where the drill is held says anything.
        let configuration = folder.appending(path: "slipway.yaml")
        try Data("log:\n  level: info\n".utf8).write(to: configuration)
        let times = self.settings.times
        var environment = [
            "SLIPWAY_CONFIG": configuration.path,
            "SLIPWAY_KAFKA_BOOTSTRAP_SERVERS": self.settings.bootstrapServers,
            "SLIPWAY_KAFKA_GROUP_ID": self.topics.group,
            "SLIPWAY_KAFKA_SESSION_TIMEOUT_MS": "\(times.session.wholeMilliseconds)",
            "SLIPWAY_KAFKA_TRANSACTION_TIMEOUT_MS": "\(times.transaction.wholeMilliseconds)",
            "SLIPWAY_INTAKE_START_FROM": "beginning",
            "SLIPWAY_TOPICS_EVENTS": self.topics.allEvents.joined(separator: ","),
            "SLIPWAY_TOPICS_INBOX": self.topics.inbox,
            "SLIPWAY_TOPICS_STATUS": self.topics.status,
            "SLIPWAY_TOPICS_JOURNAL": self.topics.journal,
            "SLIPWAY_TOPICS_COMMANDS": self.topics.commands,
            "SLIPWAY_TOPICS_DEAD": self.topics.dead,
            "SLIPWAY_WORKBENCH_URL": workbench.url,
            "SLIPWAY_WORKBENCH_API_KEY": workbench.apiKey,
            "SLIPWAY_WORKBENCH_MODEL_SERVICE_URL": workbench.modelServiceURL,
            "SLIPWAY_WORKBENCH_REQUEST_TIMEOUT": "\(times.request.wholeMilliseconds)ms",
            "SLIPWAY_WORKBENCH_MAXIMUM_CALLS_PER_SECOND": "200",
            "SLIPWAY_ROUTES": routes.path,
            "SLIPWAY_OPERATIONS_ADDRESS": "127.0.0.1:0",
            "SLIPWAY_ROLLOUT_SETTLE": "\(times.settle.wholeMilliseconds)ms",
            "SLIPWAY_ROLLOUT_SWEEP_AFTER": "\(times.sweep.wholeMilliseconds)ms",
            "SLIPWAY_ROLLOUT_MAXIMUM_ATTEMPTS": "100",
            "SLIPWAY_ROLLOUT_BACKOFF_BASE": "100ms",
            "SLIPWAY_ROLLOUT_BACKOFF_CAP": "2s",
            "SLIPWAY_POLLING_MINIMUM": "200ms",
            "SLIPWAY_POLLING_MAXIMUM": "1s",
            "SLIPWAY_PROGRESS_STALL_AFTER": "15s",
            "SLIPWAY_SHUTDOWN_DEADLINE": "8s",
            "SLIPWAY_LOG_FORMAT": "json",
        ]
        environment.merge(self.settings.environment) { $1 }
        return environment
    }
}

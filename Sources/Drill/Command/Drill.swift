// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Kafka
import Values

/// A fault drill: real worker processes between a Kafka and a simulated workbench, every fault that can hit them, and
/// the judgement of what has become of every event.
package struct Drill: Sendable {
    private let settings: DrillSettings
    private let plan: DrillPlan
    private let kafka: KafkaProperties
    private let topics = DrillTopics()
    private let report: @Sendable (String) -> Void

    /// Plans a drill.
    ///
    /// - Parameters:
    ///   - settings: What is to be done.
    ///   - report: Takes what happens as it happens, one line each.
    /// - Throws: `KafkaPropertyError` for an address that can't be one.
    package init(_ settings: DrillSettings, report: @escaping @Sendable (String) -> Void = { _ in }) throws {
        self.settings = settings
        self.plan = DrillPlan(settings)
        self.kafka = try KafkaProperties(bootstrapServers: settings.bootstrapServers)
        let began = ContinuousClock.now
        self.report = { report("\((ContinuousClock.now - began).tenths) s: \($0)") }
    }

    /// Holds the drill.
    ///
    /// Whatever comes of it, nothing of it is left running; a topic or folder that can't be removed is reported.
    ///
    /// - Returns: The judgement.
    /// - Throws: `DrillFailure`, `KafkaError` and what else keeps a drill from being held; `CancellationError`.
    package func run() async throws -> DrillLedger {
        let folder = try Drill.makeFolder()
        let workbench = try SimulatedWorkbench(self.plan)
        do {
            try await self.topics.create(self.settings, self.kafka)
        } catch {
            await workbench.stop()
            throw error
        }
        let fleet = WorkerFleet(
            settings: self.settings,
            environment: try self.environment(workbench, folder),
            folder: folder.path,
            report: self.report
        )
        let watch = HealthWatch(fleet)
        let judged: Result<DrillLedger, any Error>
        do {
            judged = .success(DrillLedger(try await self.hold(workbench, fleet, watch)))
        } catch {
            judged = .failure(error)
        }
        await fleet.kill()
        await watch.close()
        await workbench.stop()
        var isClean = false
        if case .success(let ledger) = judged { isClean = ledger.isClean }
        await self.cleanUp(folder, keepsLogs: !isClean)
        return try judged.get()
    }

    /// Removes what the drill has made; what can't be removed is told, since the judgement is worth more.
    private func cleanUp(_ folder: URL, keepsLogs: Bool) async {
        do {
            try await self.topics.delete(self.kafka)
        } catch {
            self.report("the drill's topics could not be deleted: \(error)")
        }
        guard !keepsLogs else {
            self.report("the workers' logs are kept in \(folder.path)")
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

    private func environment(_ workbench: SimulatedWorkbench, _ folder: URL) throws -> [String: String] {
        let routes = folder.appending(path: "routes.yaml")
        try Data(Drill.routes.utf8).write(to: routes)
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
            "SLIPWAY_TOPICS_EVENTS": self.topics.events,
            "SLIPWAY_TOPICS_INBOX": self.topics.inbox,
            "SLIPWAY_TOPICS_STATUS": self.topics.status,
            "SLIPWAY_TOPICS_JOURNAL": self.topics.journal,
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

    /// Half of the models deploy each run in turn and are asked a sample question, half only the newest.
    private static let routes = """
        routes:
          - name: every
            match:
              experiment: "every-*"
            queue: every
            verify:
              request: {inputs: [1]}
          - name: latest
            queue: latest
        """

    // MARK: Holding it

    private func hold(
        _ workbench: SimulatedWorkbench,
        _ fleet: WorkerFleet,
        _ watch: HealthWatch
    ) async throws -> Observations {
        try await fleet.start(self.settings.workers)
        let deadline = ContinuousClock.now + self.settings.timeLimit
        try await watch.waitUntilReady(self.settings.workers, within: .seconds(60))
        self.report("\(self.settings.workers) workers are ready, \(self.plan.events.count) events are to come")
        let sender = try EventSender(self.plan, topic: self.topics.events, self.settings.bootstrapServers)
        let follower = try await TopicFollower(self.topics, self.settings, self.kafka)
        let brokers = BrokerControl(self.settings, report: self.report)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await watch.run() }
                group.addTask { try await follower.follow() }
                group.addTask {
                    try await self.inject(sender, workbench, fleet, brokers)
                    try await self.waitForEnd(follower, workbench, deadline)
                }
                defer { group.cancelAll() }
                // The first to end is the last one, or one that can't go on.
                try await group.next()
            }
            // Given up: what has not ended is no finding.
            try Task.checkCancellation()
            let seen = try await self.observe(follower, workbench, fleet, brokers)
            await self.close(sender, follower)
            return self.completed(seen, sender, watch)
        } catch {
            await self.close(sender, follower)
            throw error
        }
    }

    private func close(_ sender: EventSender, _ follower: TopicFollower) async {
        await sender.close()
        await follower.close()
    }

    /// Sends the events while the plan's faults are injected.
    private func inject(
        _ sender: EventSender,
        _ workbench: SimulatedWorkbench,
        _ fleet: WorkerFleet,
        _ brokers: BrokerControl
    ) async throws {
        let start = ContinuousClock.now
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await sender.run(from: start) }
            for incident in self.plan.incidents {
                group.addTask {
                    try await Task.sleep(until: start + incident.at, clock: .continuous)
                    if case .broker(let node, let length) = incident.kind {
                        try await brokers.restart(node, after: length)
                    } else {
                        try await fleet.carryOut(incident)
                    }
                }
            }
            group.addTask {
                for window in self.plan.faultWindows {
                    try await Task.sleep(until: start + window.at, clock: .continuous)
                    try await workbench.setFaults(window.rules)
                    try await Task.sleep(until: start + window.at + window.length, clock: .continuous)
                    try await workbench.clearFaults()
                }
            }
        }
        self.report("all events are sent, nothing goes wrong any more")
    }

    /// Waits until every rollout and every unreadable event has come to its end, and a while longer for what should not
    /// come any more.
    private func waitForEnd(
        _ follower: TopicFollower,
        _ workbench: SimulatedWorkbench,
        _ deadline: ContinuousClock.Instant
    ) async throws {
        let (rollouts, deadLetters) = (self.plan.expectedRollouts.count, self.plan.unreadableCount)
        while ContinuousClock.now < deadline {
            let ended = await follower.ended
            if ended.rollouts >= rollouts, ended.deadLetters >= deadLetters { break }
            try await Task.sleep(for: .milliseconds(200))
        }
        let ended = await follower.ended
        self.report("\(ended.rollouts) of \(rollouts) rollouts have ended")
        // Then for late calls, and for the sweeps that find what those made.
        let patience = ContinuousClock.now + self.settings.times.sweep + .seconds(45)
        while ContinuousClock.now < min(deadline, patience) {
            let (late, unswept) = (try await workbench.lateCalls(), await follower.unswept.count)
            if late == 0, unswept == 0 { break }
            try await Task.sleep(for: .milliseconds(200))
        }
        try await Task.sleep(for: .seconds(2))
    }

    /// Stops the workers, and looks at everything once more.
    private func observe(
        _ follower: TopicFollower,
        _ workbench: SimulatedWorkbench,
        _ fleet: WorkerFleet,
        _ brokers: BrokerControl
    ) async throws -> Observations {
        await fleet.stop()
        // Gathered before anything is put together: the compiler's optimiser (Swift 6.3.1) fails on a large value that
        // is changed between awaits.
        let read = try await follower.finish(within: .seconds(60))
        let audit = try await workbench.audit()
        let faultedCalls = try await workbench.faultedCalls()
        let injectedFaults = try await fleet.history()
        let brokerRestarts = await brokers.history
        let unexpectedEnds = await fleet.unexpectedEnds
        var seen = read
        seen.audit = audit
        seen.faultedCalls = faultedCalls
        seen.injectedFaults = injectedFaults + brokerRestarts
        seen.unexpectedEnds = unexpectedEnds
        return seen
    }

    /// Adds what the drill itself knows.
    private func completed(_ read: Observations, _ sender: EventSender, _ watch: HealthWatch) -> Observations {
        var seen = read
        sender.note(in: &seen)
        seen.runs = Dictionary(uniqueKeysWithValues: self.plan.runs.map { ($0.id, $0) })
        seen.health = watch.history
        return seen
    }
}

// SPDX-License-Identifier: Apache-2.0

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
    private let ground: DrillGround

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
        self.report = DrillGround.timed(report)
        self.ground = DrillGround(settings: settings, kafka: self.kafka, topics: self.topics, report: self.report)
    }

    /// Holds the drill.
    ///
    /// Whatever comes of it, nothing of it is left running; a topic or folder that can't be removed is reported.
    ///
    /// - Returns: The judgement.
    /// - Throws: `DrillFailure`, `KafkaError` and what else keeps a drill from being held; `CancellationError`.
    package func run() async throws -> DrillLedger {
        try await self.ground.hold(try SimulatedWorkbench(self.plan), routes: Drill.routes) { site in
            let ledger = DrillLedger(try await self.hold(site.workbench, site.fleet, site.watch))
            return (ledger, ledger.isClean)
        }
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
        let sender = try EventSender(self.plan, self.topics, self.settings.bootstrapServers)
        let follower = try await TopicFollower(self.topics, self.settings, self.kafka)
        let brokers = BrokerControl(self.settings, report: self.report)
        let operators = try TopicOperator(self.topics, self.plan, self.settings, self.kafka, report: self.report)
        let outside = Outside(brokers: brokers, operators: operators)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await watch.run() }
                group.addTask { try await follower.follow() }
                group.addTask {
                    try await self.inject(sender, workbench, fleet, outside)
                    try await self.waitForEnd(follower, workbench, deadline)
                }
                defer { group.cancelAll() }
                // The first to end is the last one, or one that can't go on.
                try await group.next()
            }
            // Given up: what has not ended is no finding.
            try Task.checkCancellation()
            let seen = try await self.observe(follower, workbench, fleet, outside)
            await self.close(sender, follower, operators)
            return self.completed(seen, sender, watch)
        } catch {
            await self.close(sender, follower, operators)
            throw error
        }
    }

    /// Who does something to what the workers have not in their hands.
    private struct Outside {
        let brokers: BrokerControl
        let operators: TopicOperator
    }

    private func close(_ sender: EventSender, _ follower: TopicFollower, _ operators: TopicOperator) async {
        await sender.close()
        await follower.close()
        await operators.close()
    }

    /// Sends the events while the plan's faults are injected.
    private func inject(
        _ sender: EventSender,
        _ workbench: SimulatedWorkbench,
        _ fleet: WorkerFleet,
        _ outside: Outside
    ) async throws {
        let start = ContinuousClock.now
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await sender.run(from: start) }
            for incident in self.plan.incidents {
                group.addTask {
                    try await Task.sleep(until: start + incident.at, clock: .continuous)
                    switch incident.kind {
                    case .broker(let node, let length): try await outside.brokers.restart(node, after: length)
                    case .grow: try await outside.operators.grow()
                    case .stray(let number, let length): try await outside.operators.stray(number, for: length)
                    case .kill, .freeze, .add, .remove: try await fleet.carryOut(incident)
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
        let expected = self.plan.expectedRollouts
        var progress = await follower.progress(of: expected)
        while ContinuousClock.now < deadline {
            if progress.ended == expected.count, progress.underWay == 0,
                progress.deadLetters >= self.plan.unreadableCount
            {
                break
            }
            try await Task.sleep(for: .milliseconds(200))
            progress = await follower.progress(of: expected)
        }
        self.report("\(progress.ended) of \(expected.count) rollouts have ended")
        // Then for late calls, and for the sweeps that find what those made.
        let patience = ContinuousClock.now + self.settings.times.sweep + .seconds(45)
        while ContinuousClock.now < min(deadline, patience) {
            let (late, unswept) = (try await workbench.lateCalls(), await follower.unswept.count)
            // Another event about a run may be taken as late as this.
            if late == 0, unswept == 0, await follower.progress(of: expected).underWay == 0 { break }
            try await Task.sleep(for: .milliseconds(200))
        }
        try await Task.sleep(for: .seconds(2))
    }

    /// Stops the workers, and looks at everything once more.
    private func observe(
        _ follower: TopicFollower,
        _ workbench: SimulatedWorkbench,
        _ fleet: WorkerFleet,
        _ outside: Outside
    ) async throws -> Observations {
        await fleet.stop()
        // Gathered before anything is put together: the compiler's optimiser (Swift 6.3.1) fails on a large value that
        // is changed between awaits.
        let read = try await follower.finish(within: .seconds(60))
        let audit = try await workbench.audit()
        let faultedCalls = try await workbench.faultedCalls()
        let injectedFaults = try await fleet.history()
        let fromOutside = await outside.brokers.history + outside.operators.history
        let unexpectedEnds = await fleet.unexpectedEnds
        var seen = read
        seen.audit = audit
        seen.faultedCalls = faultedCalls
        seen.injectedFaults = injectedFaults + fromOutside
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

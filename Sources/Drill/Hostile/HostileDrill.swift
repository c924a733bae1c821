// SPDX-License-Identifier: Apache-2.0

import JSON
import Kafka
import SandboxPrograms
import Values
import WorkbenchSandbox

/// A drill in which nothing breaks but one worker, and one tenant does all that a right to write to one event topic allows.
///
/// Honest teams send their events on another topic, first alone and then beside it.
package struct HostileDrill: Sendable {
    private let settings: HostileSettings
    private let plan: HostilePlan
    private let kafka: KafkaProperties
    private let tenantProperties: [KafkaProperties.Property]
    private let topics = DrillTopics(hasTenant: true)
    private let report: @Sendable (String) -> Void

    /// Plans a drill.
    ///
    /// - Parameters:
    ///   - settings: What is to be done.
    ///   - report: Takes what happens as it happens, one line each.
    /// - Throws: `KafkaPropertyError` for an address that can't be one.
    package init(_ settings: HostileSettings, report: @escaping @Sendable (String) -> Void = { _ in }) throws {
        self.settings = settings
        self.plan = HostilePlan(settings)
        self.kafka = try KafkaProperties(bootstrapServers: settings.drill.bootstrapServers)
        self.tenantProperties =
            settings.tenantProperties?.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) }
            ?? [.init("bootstrap.servers", settings.drill.bootstrapServers)]
        self.report = DrillGround.timed(report)
    }

    /// Holds the drill.
    ///
    /// - Returns: The judgement.
    /// - Throws: `DrillFailure`, `KafkaError` and what else keeps a drill from being held; `CancellationError`.
    package func run() async throws -> HostileLedger {
        let ground = DrillGround(
            settings: self.settings.drill,
            kafka: self.kafka,
            topics: self.topics,
            report: self.report
        )
        let workbench = try SimulatedWorkbench(recorded: self.plan.recorded, seed: self.plan.seed)
        return try await ground.hold(workbench, routes: HostileRoutes.text(self.topics)) { site in
            let ledger = HostileLedger(try await self.hold(site))
            return (ledger, ledger.isClean)
        }
    }

    private func hold(_ site: DrillGround.Site) async throws -> HostileObservations {
        let records = HostileRecords(plan: self.plan, topics: self.topics, workbench: site.workbench.url)
        let teams = try HonestTeams(self.kafka)
        let tenant = try Tenant(self.tenantProperties)
        let follower = try await TopicFollower(self.topics, self.settings.drill, self.kafka)
        do {
            if self.settings.tenantProperties != nil { try await tenant.checkConfined(self.topics) }
            try await site.fleet.start(self.settings.drill.workers)
            try await site.watch.waitUntilReady(self.settings.drill.workers, within: .seconds(60))
            let (honest, hostile) = (self.plan.honest.count, self.plan.hostile.count)
            self.report("the workers are ready; \(honest) honest events and \(hostile) of the tenant's are to come")
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await site.watch.run() }
                group.addTask { try await follower.follow() }
                group.addTask {
                    try await self.send(records, teams, tenant, site)
                    try await self.waitForEnd(follower, teams, tenant)
                }
                defer { group.cancelAll() }
                // The first to end is the last one, or one that can't go on.
                try await group.next()
            }
            try Task.checkCancellation()
            await site.fleet.stop()
            var seen = try await self.observe(follower, site)
            teams.note(in: &seen)
            tenant.note(in: &seen)
            await self.close(teams, tenant, follower)
            return seen
        } catch {
            await self.close(teams, tenant, follower)
            throw error
        }
    }

    private func close(_ teams: HonestTeams, _ tenant: Tenant, _ follower: TopicFollower) async {
        await teams.close()
        await tenant.close()
        await follower.close()
    }

    private func send(
        _ records: HostileRecords,
        _ teams: HonestTeams,
        _ tenant: Tenant,
        _ site: DrillGround.Site
    ) async throws {
        let start = ContinuousClock.now
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await teams.run(records, from: start) }
            group.addTask {
                try await Task.sleep(until: start + self.settings.calm, clock: .continuous)
                self.report("the tenant begins")
            }
            group.addTask { try await tenant.run(records, from: start) }
            group.addTask {
                try await Task.sleep(until: start + self.plan.killAt, clock: .continuous)
                // Beside the flood, which is not worked off yet.
                try await site.fleet.carryOut(
                    .init(at: self.plan.killAt, worker: 0, kind: .kill(restartAfter: .seconds(2)))
                )
            }
            group.addTask {
                try await Task.sleep(until: start + self.plan.renameAt, clock: .continuous)
                let name = HostilePlan.teams[0].name
                self.report("the tenant's project is called '\(name)' from now on, too")
                try await site.workbench.rename(project: HostilePlan.tenant.id, to: name)
            }
        }
        self.report("everything is sent")
    }

    /// Waits until every rollout has ended that is not to wait for an hour, and something has become of each record of the tenant.
    private func waitForEnd(_ follower: TopicFollower, _ teams: HonestTeams, _ tenant: Tenant) async throws {
        let deadline = ContinuousClock.now + self.settings.drill.timeLimit
        while ContinuousClock.now < deadline {
            var seen = Self.observations(await follower.soFar)
            teams.note(in: &seen)
            tenant.note(in: &seen)
            let ledger = HostileLedger(seen)
            let open = ledger.count(.stuck) + ledger.count(.suppressed) + ledger.count(.lost)
            if open == 0 { break }
            try await Task.sleep(for: .seconds(1))
        }
        // For what should not come any more.
        try await Task.sleep(for: .seconds(2))
    }

    private static func observations(_ read: Observations) -> HostileObservations {
        var seen = HostileObservations()
        seen.rollouts = read.rollouts
        seen.unescaped = read.unescaped
        seen.deadLetters = Set(
            read.deadLetters.compactMap { place in
                place.map {
                    .init(topic: $0.topic, partition: Int64($0.partition.rawValue), offset: $0.offset.rawValue)
                }
            }
        )
        return seen
    }

    private func observe(_ follower: TopicFollower, _ site: DrillGround.Site) async throws -> HostileObservations {
        var seen = Self.observations(try await follower.finish(within: .seconds(60)))
        let lines = try await site.workbench.auditLines()
        let ends = await site.fleet.unexpectedEnds
        let kill = try await site.fleet.history().first { $0.kind == .kill }
        seen.audit = try lines.split(separator: UInt8(ascii: "\n")).map {
            AuditEntry(line: try JSONValue(parsing: Array($0)))
        }
        seen.unexpectedEnds = ends
        seen.workers = self.settings.drill.workers
        seen.killedAt = kill?.from
        for log in try await site.fleet.logs() {
            seen.unescaped += TerminalText.lines(of: log.text, named: log.name)
        }
        seen.isConfined = self.settings.tenantProperties != nil
        return seen
    }
}

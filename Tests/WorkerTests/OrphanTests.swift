// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import JSON
import Kafka
import Rollouts
import Telemetry
import TestSupport
import Testing
import Values
import WorkbenchAPI
import WorkbenchSandbox

@testable import Worker

/// What a call makes that the workbench applies later than anyone waits, is found, told and taken away.
@Suite(.timeLimit(.minutes(2)))
struct OrphanTests {
    private static let deployments = "/projects/*/models/*/builds/*/deployments"

    private func settings(_ bed: WorkerFixture) -> WorkerSettings {
        var settings = bed.settings(.catchAll)
        settings.policy.requestTimeout = .milliseconds(400)
        settings.policy.settle = .milliseconds(100)
        settings.policy.sweepAfter = .seconds(3)
        return settings
    }

    private func orphans(_ bed: WorkerFixture) async throws -> [JSONValue] {
        let records = try await bed.read(bed.topics.status) { $0.contains { WorkerFixture.phase(of: $0) == "orphan" } }
        let report = try #require(records.last { WorkerFixture.phase(of: $0) == "orphan" })
        let data = try JSONValue(parsing: try #require(report.value))
        guard case .array(let orphans)? = data["orphans"] else { return [] }
        return orphans
    }

    @Test(arguments: [
        ("version", "/registry/models", ["removed"]), ("build", "/projects/*/models/*/builds", ["removed"]),
        // Of twins the one that lives is the rollout's, if it comes up while somebody looks: then the orphan is the one that it
        // displaced. Later it serves as an orphan.
        ("deployment", deployments, ["stopped", "serving"]),
    ])
    func whatALateCallMadeIsFoundAfterTheEnd(kind: String, path: String, outcomes: [String]) async throws {
        try await WorkerFixture.with { bed in
            let runs = try await bed.seedRuns(1)
            try await bed.fault(
                #"""
                [{"match":{"method":"POST","path":"/api/v2\#(path)"},"fault":"apply-late","delay":"2s","count":1}]
                """#
            )
            let registry = MetricsRegistry()
            try await bed.withWorker(self.settings(bed), registry: registry) { _ in
                try await bed.emit(runs[0].data(model: "churn"), id: "1", key: "churn")
                let orphans = try await self.orphans(bed)
                #expect(orphans.count == 1)
                #expect(orphans.first?["kind"]?.text == kind)
                let outcome = try #require(orphans.first?["outcome"]?.text)
                #expect(outcomes.contains(outcome))
                // It was told before it is taken away.
                let id = try #require(orphans.first?["id"]?.text)
                if outcome == "removed" { try await bed.awaitRemoval(of: id, kind: kind) }
            }
            #expect(try await bed.audit().created[kind] == 2)
            let text = registry.prometheusText()
            let told = outcomes.first {
                text.contains(#"slipway_orphans_total{kind="\#(kind)",outcome="\#($0)"} 1"#)
            }
            #expect(told != nil, "\(text)")
            #expect(try await bed.removals().count == (told == "removed" ? 1 : 0))
        }
    }

    /// Guarantee 4 behind the window of guarantee 3: the deployment of an older run comes up late and displaces the newer.
    @Test func anOlderRunThatComesUpLateGivesWayToTheNewestAgain() async throws {
        try await WorkerFixture.with { bed in
            let runs = try await bed.seedRuns(2)
            try await bed.fault(
                #"""
                [{"match":{"method":"POST","path":"/api/v2\#(Self.deployments)"},"fault":"apply-late","delay":"4s",
                  "count":1}]
                """#
            )
            var settings = self.settings(bed)
            settings.policy.sweepAfter = .seconds(6)
            try await bed.withWorker(settings) { _ in
                try await bed.emit(runs[0].data(model: "churn"), id: "1", key: "churn")
                _ = try await bed.phases(untilEnded: 1)
                try await bed.emit(runs[1].data(model: "churn"), id: "2", key: "churn")
                let phases = try await bed.phases(untilEnded: 2)
                #expect(phases.values.allSatisfy { $0.last == "deployed" })
                let orphans = try await self.orphans(bed)
                #expect(orphans.first?["outcome"]?.text == "stopped")
                try await bed.awaitUp(run: runs[1], model: "churn")
            }
        }
    }
}

extension WorkerFixture {
    /// What was removed on the workbench, or stopped: operation and id, in order.
    func removals() async throws -> [(operation: String, id: String)] {
        let identifiers = [
            "DeleteRegisteredModelVersion": "version_id", "DeleteModelBuild": "build_id",
            "StopModelDeployment": "deployment_id",
        ]
        var removals: [(String, String)] = []
        for line in try await self.control("GET", "/sandbox/audit", nil).body.split(separator: UInt8(ascii: "\n")) {
            let entry = try JSONValue(parsing: Array(line))
            guard entry["applied"]?.flag == true, let operation = entry["operation"]?.text,
                let identifier = identifiers[operation]
            else { continue }
            removals.append((operation, entry["ids"]?[identifier]?.text ?? "?"))
        }
        return removals
    }

    /// Waits until the version or build of that id was deleted.
    func awaitRemoval(of id: String, kind: String) async throws {
        let operation = kind == "version" ? "DeleteRegisteredModelVersion" : "DeleteModelBuild"
        while !Task.isCancelled {
            if try await self.removals().contains(where: { $0.operation == operation && $0.id == id }) { return }
        }
    }

    /// Waits until the deployment of that run is the one that is up.
    func awaitUp(run: SeededRun, model name: String) async throws {
        let model = try #require(try await self.client.perform(.model(project: run.projectID, named: name)))
        while !Task.isCancelled {
            var up: [String] = []
            for try await page in self.client.pages(.builds(project: run.projectID, model: model.id)) {
                for build in page.items {
                    let deployments = try await self.client.perform(
                        .deployments(
                            project: run.projectID,
                            model: model.id,
                            build: build.id
                        )
                    )
                    if deployments.contains(where: \.status.isReady) { up.append(build.registeredVersionID) }
                }
            }
            let versions = try await self.client.perform(.versions(modelNamed: name, run: run.runID))
            if up == versions.map(\.id) { return }
        }
    }
}

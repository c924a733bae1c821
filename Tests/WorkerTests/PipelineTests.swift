// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Kafka
import Rollouts
import TestSupport
import Testing
import Values
import WorkbenchSandbox

@testable import Worker

/// The whole worker against the sandbox, on the mock cluster.
@Suite(.timeLimit(.minutes(3)))
struct PipelineTests {
    static let everything = ["accepted", "registering", "building", "deploying", "deployed"]

    @Test func aFinishedRunBecomesADeployedModel() async throws {
        try await WorkerFixture.with { bed in
            let runs = try await bed.seedRuns(1)
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                try await bed.emit(runs[0].data(model: "churn"), id: "1", key: "churn")
                let phases = try await bed.phases(untilEnded: 1)
                #expect(Array(phases.values) == [Self.everything])
            }
            let audit = try await bed.audit()
            #expect(audit.created == ["version": 1, "model": 1, "build": 1, "deployment": 1])
        }
    }

    @Test func aNewerRunIsDeployedToTheSameModelAndAnOlderOneIsNot() async throws {
        try await WorkerFixture.with { bed in
            let runs = try await bed.seedRuns(3)
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                try await bed.emit(runs[1].data(model: "churn"), id: "1", key: "churn")
                _ = try await bed.phases(untilEnded: 1)
                try await bed.emit(runs[2].data(model: "churn"), id: "2", key: "churn")
                _ = try await bed.phases(untilEnded: 2)
                try await bed.emit(runs[0].data(model: "churn"), id: "3", key: "churn")
                let phases = try await bed.phases(untilEnded: 3)
                let ends = phases.values.compactMap(\.last).sorted()
                #expect(ends == ["deployed", "deployed", "superseded"])
            }
            let audit = try await bed.audit()
            #expect(audit.created == ["version": 2, "model": 1, "build": 2, "deployment": 2])
        }
    }

    @Test func aRepeatedEventGetsNoStatusOfItsOwn() async throws {
        try await WorkerFixture.with { bed in
            let runs = try await bed.seedRuns(2)
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                for _ in 0..<5 { try await bed.emit(runs[0].data(model: "churn"), id: "1", key: "churn") }
                try await bed.emit(runs[1].data(model: "other"), id: "last", key: "other")
                let phases = try await bed.phases(untilEnded: 2)
                #expect(Array(phases.values) == [Self.everything, Self.everything])
            }
            #expect(try await bed.audit().created["deployment"] == 2)
        }
    }

    @Test(arguments: [Partition(rawValue: 0), 1, 2, 3])
    func anEventOnAnyPartitionIsDeployedOnceByItsOwner(partition: Partition) async throws {
        try await WorkerFixture.with { bed in
            let runs = try await bed.seedRuns(1)
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                try await bed.emit(runs[0].data(model: "churn"), id: "1", key: nil, partition: partition)
                try await bed.emit(runs[0].data(model: "churn"), id: "1", key: "churn")
                let phases = try await bed.phases(untilEnded: 1)
                #expect(Array(phases.values) == [Self.everything])
            }
            #expect(try await bed.audit().created["deployment"] == 1)
        }
    }

    /// What a user does who reads the next step: corrects the event and sends it again, as another one.
    @Test(arguments: WorkerFixture.clusters)
    func aSecondTryWorks(isGenuine: Bool) async throws {
        try await WorkerFixture.with(genuine: isGenuine) { bed in
            let runs = try await bed.seedRuns(2)
            let log = TestLog()
            try await bed.withWorker(bed.settings(.catchAll), logger: log.logger) { _ in
                // Told while it was under way, and when it had finished.
                try await bed.emit(runs[0].data(model: "early", status: "RUNNING"), id: "1", key: "early")
                try await bed.emit(runs[0].data(model: "early"), id: "2", key: "early")
                // A wrong folder, and the right one.
                let wrong = runs[1].data(model: "path", artifactPath: "nowhere")
                try await bed.emit(wrong, id: "3", key: "path")
                var ends = try await bed.phases(untilEnded: 3).values.compactMap(\.last).sorted()
                #expect(ends == ["deployed", "failed", "skipped"])
                // The very same event is not tried again, and says so.
                try await bed.emit(wrong, id: "3", key: "path")
                try await log.first("the event of a rollout that failed has come again, and is not tried again")
                try await bed.emit(runs[1].data(model: "path"), id: "4", key: "path")
                ends = try await bed.phases(untilEnded: 4).values.compactMap(\.last).sorted()
                #expect(ends == ["deployed", "deployed", "failed", "skipped"])
                // Once it is live, another event about it is a duplicate that names the rollout.
                try await bed.emit(runs[1].data(model: "path"), id: "5", key: "path")
                let statuses = try await bed.statuses(untilEnded: 5)
                let last = statuses.values.compactMap(\.last).filter { $0.modelName == "path" }
                let live = try #require(last.first { $0.phase == .deployed })
                let duplicate = try #require(last.first { $0.phase == .skipped }?.cause)
                #expect(duplicate.class == "duplicate")
                #expect(duplicate.message.contains("deployed already: rollout \(live.rolloutID)"))
            }
            #expect(try await bed.audit().created["deployment"] == 2)
        }
    }

    @Test func whatCannotBeUnderstoodBecomesADeadLetterAndTheNextEventIsServed() async throws {
        try await WorkerFixture.with { bed in
            let runs = try await bed.seedRuns(1)
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                try await bed.emit("{ not json", id: "1", key: "churn")
                try await bed.emit(runs[0].data(model: "churn"), id: "2", key: "churn")
                let phases = try await bed.phases(untilEnded: 1)
                #expect(Array(phases.values) == [Self.everything])
                let dead = try await bed.read(bed.topics.dead) { !$0.isEmpty }
                #expect(dead.count == 1)
                #expect(dead.first?.value == Array("{ not json".utf8))
                #expect(dead.first?.headers.contains { $0.name == "slipway_reason" } == true)
            }
        }
    }

    @Test func aRunThatIsNotThereFailsWithAName() async throws {
        try await WorkerFixture.with { bed in
            var run = try await bed.seedRuns(1)[0]
            run.runID = "aaaa-bbbb-cccc-dddd"
            try await bed.withWorker(bed.settings(.catchAll)) { [run] _ in
                try await bed.emit(run.data(model: "churn"), id: "1", key: "churn")
                let phases = try await bed.phases(untilEnded: 1)
                #expect(Array(phases.values) == [["accepted", "failed"]])
            }
        }
    }

    @Test(arguments: [
        "/api/v2/registry/models", "/api/v2/projects/*/models", "/api/v2/projects/*/models/*/builds",
        "/api/v2/projects/*/models/*/builds/*/deployments",
    ])
    func aCreatingCallWhoseAnswerIsLostMakesNothingTwice(path: String) async throws {
        try await WorkerFixture.with { bed in
            let runs = try await bed.seedRuns(1)
            try await bed.fault(
                #"[{"match":{"method":"POST","path":"\#(path)"},"fault":"drop-after-apply","count":1}]"#
            )
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                try await bed.emit(runs[0].data(model: "churn"), id: "1", key: "churn")
                let phases = try await bed.phases(untilEnded: 1)
                #expect(phases.values.first?.last == "deployed")
            }
            #expect(try await bed.audit().created == ["version": 1, "model": 1, "build": 1, "deployment": 1])
        }
    }

    @Test func aStoppedWorkersWorkIsFinishedByTheNextOne() async throws {
        try await WorkerFixture.with(clock: .init(fixed: .milliseconds(700))) { bed in
            let runs = try await bed.seedRuns(1)
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                try await bed.emit(runs[0].data(model: "churn"), id: "1", key: "churn")
                _ = try await bed.read(bed.topics.status) { $0.contains { WorkerFixture.phase(of: $0) == "building" } }
            }
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                let phases = try await bed.phases(untilEnded: 1)
                #expect(Array(phases.values) == [Self.everything])
            }
            #expect(try await bed.audit().created == ["version": 1, "model": 1, "build": 1, "deployment": 1])
        }
    }

    @Test func anOutageIsWaitedOutAndUsesUpNoAttempts() async throws {
        try await WorkerFixture.with { bed in
            let runs = try await bed.seedRuns(1)
            var settings = bed.settings(.catchAll)
            settings.policy.retry.maximumAttempts = 2
            try await bed.fault(
                #"[{"match":{"method":"*","path":"/api/v2/**"},"fault":"status","status":503,"count":12}]"#
            )
            try await bed.withWorker(settings) { _ in
                try await bed.emit(runs[0].data(model: "churn"), id: "1", key: "churn")
                let phases = try await bed.phases(untilEnded: 1)
                #expect(phases.values.first?.contains("waiting") == true)
                #expect(phases.values.first?.last == "deployed")
            }
        }
    }
}

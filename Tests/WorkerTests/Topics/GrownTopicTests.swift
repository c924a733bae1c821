// SPDX-License-Identifier: Apache-2.0

import Kafka
import Machine
import Rollouts
import TestSupport
import Testing
import Values
import WorkbenchSandbox

@testable import Worker

/// Topics that are given more partitions while work is under way.
@Suite(
    .enabled(if: KafkaFixture.genuineBootstrap != nil, "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"),
    .timeLimit(.minutes(4))
)
struct GrownTopicTests {
    /// Four projects with 26 models each, of which each has an older and a newer run.
    private static let (projects, models) = (4, 26)

    @Test func eventTopicsThatGrowUnderLoadLoseAndReorderNothing() async throws {
        try await WorkerFixture.with(
            genuine: true,
            partitionCount: 6,
            eventPartitionCount: 6,
            clock: .init(fixed: .seconds(4))
        ) { bed in
            var runs: [[WorkerFixture.SeededRun]] = []
            for _ in 0..<Self.projects { runs.append(try await bed.seedRuns(2 * Self.models)) }
            let seeded = runs
            var settings = bed.settings(.catchAll)
            // New partitions are no first start: nothing of them may be left out.
            settings.startFrom = nil
            let (final, log) = (settings, TestLog())
            @Sendable func emit(newer: Bool, projects: Range<Int>, partitions: Range<Int32>) async throws {
                for project in projects {
                    let first = newer ? Self.models : 0
                    let runs = Array(seeded[project][first..<(first + Self.models)])
                    try await Self.emit(runs, of: project, partitions, bed)
                }
            }
            let count = Self.projects * Self.models
            try await bed.withWorker(final, logger: log.logger) { _ in
                try await log.all("reading events", 6)
                try await bed.withWorker(final) { _ in
                    try await emit(newer: false, projects: 0..<Self.projects, partitions: 0..<6)
                    _ = try await bed.read(bed.topics.status) {
                        $0.count { WorkerFixture.phase(of: $0) == "accepted" } >= count
                    }
                    try await bed.grow(bed.events, to: 9)
                    try await emit(newer: true, projects: 0..<2, partitions: 6..<9)
                    try await bed.grow(bed.events, to: 12)
                    try await emit(newer: true, projects: 2..<Self.projects, partitions: 9..<12)
                    let phases = try await bed.phases(untilEnded: 2 * count)
                    #expect(phases.count == 2 * count)
                    #expect(
                        phases.values.allSatisfy { $0.count { Phase(rawValue: $0)?.isTerminal == true } == 1 }
                    )
                }
            }
            Self.expectNewestLast(try await bed.audit().deployedRuns, seeded)
        }
    }

    /// Emits one event for each model; each project has models of its own, since a registered model belongs to one.
    private static func emit(
        _ runs: [WorkerFixture.SeededRun],
        of project: Int,
        _ partitions: Range<Int32>,
        _ bed: WorkerFixture
    ) async throws {
        for (model, run) in runs.enumerated() {
            let partition = partitions.lowerBound + Int32(model) % Int32(partitions.count)
            let data = run.data(model: "p\(project)-m\(model)")
            try await bed.emit(data, id: run.runID, key: nil, partition: Partition(rawValue: partition))
        }
    }

    /// Each model's newer run was deployed once, and after the older one if that was deployed at all.
    private static func expectNewestLast(_ deployed: [String], _ runs: [[WorkerFixture.SeededRun]]) {
        for project in runs {
            for model in 0..<Self.models {
                let (older, newer) = (project[model].runID, project[Self.models + model].runID)
                #expect(deployed.count { $0 == newer } == 1)
                #expect(deployed.count { $0 == older } <= 1)
                #expect((deployed.lastIndex(of: older) ?? -1) < (deployed.lastIndex(of: newer) ?? -1))
            }
        }
    }

    /// Kafka can't take partitions away again: those beyond the count that the journal was begun with are ignored.
    @Test(arguments: [[true, false], [false, true], [true, true]])
    func anInboxOrJournalThatSomebodyGrewGoesOnWithItsCount(grown: [Bool]) async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 2) { bed in
            let runs = try await bed.seedRuns(3)
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                try await bed.emit(runs[0].data(model: "m0"), id: "0", key: "m0")
                _ = try await bed.phases(untilEnded: 1)
                if grown[0] { try await bed.grow(bed.topics.inbox, to: 5) }
                if grown[1] { try await bed.grow(bed.topics.journal, to: 5) }
                // Under way, and whether or not the group has met the new partitions.
                try await bed.emit(runs[1].data(model: "m1"), id: "1", key: "m1")
                _ = try await bed.phases(untilEnded: 2)
            }
            let log = TestLog()
            try await bed.withWorker(bed.settings(.catchAll), logger: log.logger) { worker in
                try await log.first("partitions beyond the count are ignored")
                try await bed.emit(runs[2].data(model: "m2"), id: "2", key: "m2")
                _ = try await bed.phases(untilEnded: 3)
                #expect(worker.health.isReady)
            }
            #expect(try await bed.audit().created["deployment"] == 3)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import TestSupport
import Testing
import Values
import WorkbenchSandbox

@testable import Worker

/// The whole worker on a genuine Kafka: groups, transactions and committed offsets are real here.
@Suite(
    .enabled(if: KafkaFixture.genuineBootstrap != nil, "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"),
    .timeLimit(.minutes(3))
)
struct PipelineBrokerTests {
    static let everything = ["accepted", "registering", "building", "deploying", "deployed"]

    @Test func aFinishedRunIsDeployedAndItsEventIsCommittedWithTheJournal() async throws {
        try await WorkerFixture.with(genuine: true) { bed in
            let runs = try await bed.seedRuns(1)
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                try await bed.emit(runs[0].data(model: "churn"), id: "1", key: "churn")
                let phases = try await bed.phases(untilEnded: 1)
                #expect(Array(phases.values) == [Self.everything])
            }
            #expect(try await bed.audit().created == ["version": 1, "model": 1, "build": 1, "deployment": 1])
            let committed = try await bed.committedOffsets()
            #expect(committed.values.map(\.rawValue).reduce(0, +) == 1)
            #expect(committed.count == bed.eventPartitionCount)
        }
    }

    @Test func eventsWithoutAKeyAreForwardedAndDeployedOnceAndInOrder() async throws {
        try await WorkerFixture.with(genuine: true) { bed in
            let runs = try await bed.seedRuns(4)
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                for (index, run) in runs.enumerated() {
                    try await bed.emit(
                        run.data(model: "churn"),
                        id: "\(index)",
                        key: nil,
                        partition: Partition(rawValue: Int32(index % bed.partitionCount))
                    )
                }
                let phases = try await bed.phases(untilEnded: 4)
                #expect(phases.count == 4)
                #expect(phases.values.allSatisfy { $0.last == "deployed" || $0.last == "superseded" })
            }
            let audit = try await bed.audit()
            #expect(audit.deployedRuns.last == runs[3].runID, "the newest run is deployed last")
            #expect(
                audit.deployedRuns
                    == audit.deployedRuns.sorted { bed.index(of: $0, in: runs) < bed.index(of: $1, in: runs) }
            )
        }
    }

    @Test func aWorkerThatEndsWithoutAWordIsReplacedAndNothingIsMadeTwice() async throws {
        try await WorkerFixture.with(genuine: true, clock: .init(fixed: .milliseconds(1_500))) { bed in
            let runs = try await bed.seedRuns(1)
            var settings = bed.settings(.catchAll)
            settings.sessionTimeout = .seconds(6)
            settings.transactionTimeout = .seconds(3)
            // Cancelled, not stopped: what a crash leaves behind, within one process.
            try await bed.withCrashingWorker(settings) { _ in
                try await bed.emit(runs[0].data(model: "churn"), id: "1", key: "churn")
                _ = try await bed.read(bed.topics.status) { $0.contains { WorkerFixture.phase(of: $0) == "building" } }
            }
            try await bed.withWorker(settings) { _ in
                let phases = try await bed.phases(untilEnded: 1)
                #expect(Array(phases.values) == [Self.everything])
            }
            #expect(try await bed.audit().created == ["version": 1, "model": 1, "build": 1, "deployment": 1])
        }
    }

    @Test func twoWorkersShareThePartitionsAndHandThemOver() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 4, clock: .init(fixed: .milliseconds(300))) { bed in
            let runs = try await bed.seedRuns(12)
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                for index in 0..<6 {
                    try await bed.emit(runs[index].data(model: "m\(index)"), id: "\(index)", key: "m\(index)")
                }
                _ = try await bed.phases(untilEnded: 1)
                try await bed.withWorker(bed.settings(.catchAll)) { _ in
                    for index in 6..<12 {
                        try await bed.emit(runs[index].data(model: "m\(index)"), id: "\(index)", key: "m\(index)")
                    }
                    _ = try await bed.phases(untilEnded: 8)
                }
                let phases = try await bed.phases(untilEnded: 12)
                #expect(phases.values.allSatisfy { $0 == Self.everything })
            }
            #expect(try await bed.audit().created == ["version": 12, "model": 12, "build": 12, "deployment": 12])
        }
    }
}

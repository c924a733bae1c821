// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import TestSupport
import Testing
import Values
import WorkbenchSandbox

@testable import Worker

/// How partitions go from one worker to the next on a genuine Kafka.
@Suite(
    .enabled(if: KafkaFixture.genuineBootstrap != nil, "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"),
    .timeLimit(.minutes(2))
)
struct HandOverBrokerTests {
    @Test func aStaticMemberThatRestartsMakesNoRebalance() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 2, clock: .init(fixed: .milliseconds(500))) { bed in
            let runs = try await bed.seedRuns(2)
            var settings = bed.settings(.catchAll)
            settings.groupInstanceID = KafkaFixture.uniqueName("worker")
            try await bed.withWorker(settings) { _ in
                try await bed.emit(runs[0].data(model: "m0"), id: "0", key: "m0")
                _ = try await bed.read(bed.topics.status) { $0.contains { WorkerFixture.phase(of: $0) == "building" } }
            }
            try await bed.withWorker(settings) { _ in
                try await bed.emit(runs[1].data(model: "m1"), id: "1", key: "m1")
                let phases = try await bed.phases(untilEnded: 2)
                #expect(phases.values.allSatisfy { $0.last == "deployed" })
            }
            // A rebalance would have made a new generation; each record names that of its writer.
            let journal = try await bed.read(bed.topics.journal) { records in
                records.count { WorkerFixture.step(of: $0) == "finished" } >= 2
            }
            let processes = Set(journal.compactMap { $0.headers.first { $0.name == "slipway_process" }?.text })
            let generations = Set(journal.compactMap { $0.headers.first { $0.name == "slipway_generation" }?.text })
            #expect(processes.count == 2)
            #expect(generations.count == 1, "\(generations)")
            #expect(try await bed.audit().created == ["version": 2, "model": 2, "build": 2, "deployment": 2])
        }
    }

    @Test func aWorkerMakesNoCallsForAPartitionThatItHasHandedOver() async throws {
        // Long enough for a rebalance in the middle of the builds, and for polls after it.
        let clock = LifeCycleClock(
            registering: .zero ... .zero,
            building: .seconds(10) ... .seconds(10),
            deploying: .zero ... .zero,
            stopping: .zero ... .zero
        )
        // Three partitions in all, so that one goes to the second worker: the first of the inbox.
        try await WorkerFixture.with(genuine: true, partitionCount: 2, eventPartitionCount: 1, clock: clock) { bed in
            // A project each, so that a call's path says which of them it is for.
            let runs = [try await bed.seedRuns(1)[0], try await bed.seedRuns(1)[0]]
            let calls = RequestLog()
            let (log, other) = (TestLog(), TestLog())
            try await bed.withWorker(bed.settings(.catchAll).tapped(by: calls), logger: log.logger) { _ in
                for (partition, run) in runs.enumerated() {
                    let name = bed.modelName(ownedBy: Partition(rawValue: Int32(partition)))
                    try await bed.emit(run.data(model: name), id: name, key: name)
                }
                _ = try await bed.read(bed.topics.status) { records in
                    records.count { WorkerFixture.phase(of: $0) == "building" } == 2
                }
                try await bed.withWorker(bed.settings(.catchAll), logger: other.logger) { _ in
                    try await other.first("partition taken over")
                    let takenOver = ContinuousClock.now
                    let gone = try #require(other.takenOver.first)
                    let phases = try await bed.phases(untilEnded: 2)
                    #expect(phases.values.allSatisfy { $0.last == "deployed" })
                    let later = calls.sent.filter { $0.began > takenOver }
                    #expect(later.contains { $0.path.contains(runs[gone == 0 ? 1 : 0].projectID) })
                    #expect(!later.contains { $0.path.contains(runs[Int(gone.rawValue)].projectID) })
                }
            }
            #expect(try await bed.audit().created == ["version": 2, "model": 2, "build": 2, "deployment": 2])
        }
    }
}

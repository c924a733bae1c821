// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Telemetry
import TestSupport
import Testing
import Values

@testable import Worker

/// Offsets of the group that no worker has committed: an operator's tool, or a consumer with the same group id.
@Suite(
    .enabled(if: KafkaFixture.genuineBootstrap != nil, "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"),
    .timeLimit(.minutes(2))
)
struct ForeignOffsetTests {
    private static let told = "offset was committed by somebody else"

    /// What is read a second time is known.
    @Test func offsetsThatAnOperatorResetsToTheBeginningDeployNothingTwice() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 2, eventPartitionCount: 1) { bed in
            let runs = try await bed.seedRuns(3)
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                for index in 0..<2 {
                    try await bed.emit(runs[index].data(model: "m\(index)"), id: "\(index)", key: nil)
                }
                _ = try await bed.phases(untilEnded: 2)
            }
            try await bed.commitAsAStranger([TopicPartition(bed.events, 0): 0])
            let log = TestLog()
            try await bed.withWorker(bed.settings(.catchAll), logger: log.logger) { _ in
                try await log.first("offset was committed by somebody else")
                try await bed.emit(runs[2].data(model: "m2"), id: "2", key: nil)
                _ = try await bed.phases(untilEnded: 3)
            }
            #expect(try await bed.audit().created["deployment"] == 3)
            #expect(try await bed.committedOffsets().values.map(\.rawValue) == [3])
        }
    }

    /// Nobody knows whether somebody meant it: it is done, and told with the way back.
    @Test func offsetsThatSomebodyMovesForwardAreTold() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 2, eventPartitionCount: 1) { bed in
            let runs = try await bed.seedRuns(3)
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                try await bed.emit(runs[0].data(model: "m0"), id: "0", key: nil)
                _ = try await bed.phases(untilEnded: 1)
            }
            try await bed.emit(runs[1].data(model: "m1"), id: "1", key: nil)
            try await bed.commitAsAStranger([TopicPartition(bed.events, 0): 2])
            let log = TestLog()
            try await bed.withWorker(bed.settings(.catchAll), logger: log.logger) { _ in
                let record = try await log.first("offset was committed by somebody else")
                let text = "\(record.fields)"
                #expect(text.contains("--reset-offsets"))
                try await bed.emit(runs[2].data(model: "m2"), id: "2", key: nil)
                _ = try await bed.phases(untilEnded: 2)
            }
            #expect(try await bed.audit().deployedRuns == [runs[0].runID, runs[2].runID])
        }
    }

    /// A consumer that knows nothing of Slipway takes a partition, reads events away and leaves.
    @Test func whatAForeignMemberConsumedIsReadAgain() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 2, eventPartitionCount: 2) { bed in
            let runs = try await bed.seedRuns(6)
            let log = TestLog()
            try await bed.withWorker(bed.settings(.catchAll), logger: log.logger) { _ in
                for index in 0..<2 {
                    try await bed.emit(
                        runs[index].data(model: "m\(index)"),
                        id: "\(index)",
                        key: nil,
                        partition: Partition(rawValue: Int32(index))
                    )
                }
                _ = try await bed.phases(untilEnded: 2)
                var settings = ConsumerSettings(groupID: bed.groupID)
                settings.sessionTimeout = .seconds(20)
                let foreign = try Consumer(properties: bed.kafka.stranger(), settings: settings)
                try await foreign.subscribe([bed.events])
                var probe = KafkaProbe(foreign)
                let taken = try await probe.assignment()
                #expect(!taken.isEmpty)
                try await log.first("a member of the group is no worker: events that it takes are deployed by nobody")
                for (index, run) in runs[2..<4].enumerated() {
                    try await bed.emit(
                        run.data(model: "m\(index + 2)"),
                        id: "\(index + 2)",
                        key: nil,
                        partition: taken[0].partition
                    )
                }
                try await bed.commit([taken[0]: 3], try #require(probe.membership))
                await foreign.close()
                _ = try await bed.phases(untilEnded: 4)
                try await log.first("offset was committed by somebody else")
            }
            #expect(try await bed.audit().created["deployment"] == 4)
        }
    }
}

extension KafkaProperties {
    /// Those of somebody who is no worker.
    fileprivate func stranger() throws -> KafkaProperties {
        try KafkaProperties([
            .init("bootstrap.servers", KafkaFixture.genuineBootstrap ?? ""), .init("client.id", "somebody"),
        ])
    }
}

// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Telemetry
import TestSupport
import Testing
import Values
import WorkbenchSandbox

@testable import Worker

/// Whoever reads an event, the owner of its model accepts it, and once.
///
/// On the mock cluster a rebalance of two workers takes most of a minute, and several on a machine that is busy.
@Suite(.timeLimit(.minutes(8)))
struct ForwardingTests {
    private static let once = ["version": 1, "model": 1, "build": 1, "deployment": 1]

    private static func times(_ count: Int) -> [String: Int] { self.once.mapValues { $0 * count } }

    /// A worker that owns some models only passes the others' events on; who takes their inbox over, accepts them.
    @Test(arguments: WorkerFixture.clusters)
    func anEventOfAnotherOwnerIsPassedOnAndAcceptedOnce(isGenuine: Bool) async throws {
        try await WorkerFixture.with(genuine: isGenuine) { bed in
            let runs = try await bed.seedRuns(2)
            let (own, foreign) = (bed.modelName(ownedBy: 0), bed.modelName(ownedBy: 1))
            let registry = MetricsRegistry()
            let settings = bed.settings(.catchAll)
            try await bed.withWorker(settings.tapped(by: BlindTap(inbox: 1)), registry: registry) { _ in
                try await bed.emit(runs[0].data(model: foreign), id: "foreign", key: "any", partition: 3)
                try await bed.emit(runs[1].data(model: own), id: "own", key: "any", partition: 3)
                // What stands behind it has ended, so it has been seen.
                #expect(try await bed.phases(untilEnded: 1).count == 1)
            }
            #expect(registry.prometheusText().contains(#"slipway_events_total{outcome="forwarded"} 1"#))
            let forwarded = try await bed.read(bed.topics.inbox) { !$0.isEmpty }
            #expect(forwarded.map(\.topicPartition) == [TopicPartition(bed.topics.inbox, 1)])
            let origin = forwarded.first.flatMap { Forwarding.origin(in: $0.headers) }
            #expect(origin == Origin(topic: bed.events, partition: 3, offset: 0))
            #expect(try await bed.audit().created == Self.once)
            try await bed.withWorker(settings) { _ in
                // The same event again, where its owner reads it itself.
                try await bed.emit(runs[0].data(model: foreign), id: "foreign", key: "any", partition: 3)
                let phases = try await bed.phases(untilEnded: 2)
                #expect(phases.values.map { $0 } == [PipelineTests.everything, PipelineTests.everything])
            }
            #expect(try await bed.audit().created == Self.times(2))
            #expect(try await bed.phases(untilEnded: 2).count == 2)
        }
    }

    /// Two workers, and an event of every model on every partition.
    @Test(arguments: WorkerFixture.clusters)
    func twoWorkersServeEveryModelWhereverItsEventsAre(isGenuine: Bool) async throws {
        try await WorkerFixture.with(genuine: isGenuine, partitionCount: 4, eventPartitionCount: 6) { bed in
            let runs = try await bed.seedRuns(24)
            let logs = [TestLog(), TestLog()]
            try await bed.withWorker(bed.settings(.catchAll), logger: logs[0].logger) { _ in
                try await logs[0].first("partition taken over")
                try await bed.withWorker(bed.settings(.catchAll), logger: logs[1].logger) { _ in
                    try await logs[1].first("partitions assigned")
                    for (index, run) in runs.enumerated() {
                        try await bed.emit(
                            run.data(model: "m\(index)"),
                            id: "\(index)",
                            key: "any",
                            partition: Partition(rawValue: Int32(index % 6))
                        )
                    }
                    let phases = try await bed.phases(untilEnded: 24)
                    #expect(phases.count == 24)
                    for (id, phases) in phases { #expect(phases == PipelineTests.everything, "\(id)") }
                }
            }
            #expect(try await bed.audit().created == Self.times(24))
        }
    }

    @Test func severalEventTopicsAreReadAndTheirModelsHaveOneLane() async throws {
        try await WorkerFixture.with(eventTopicCount: 2) { bed in
            let runs = try await bed.seedRuns(3)
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                try await bed.emit(runs[1].data(model: "churn"), id: "1", key: "k", topic: bed.topics.events[0])
                _ = try await bed.phases(untilEnded: 1)
                try await bed.emit(runs[2].data(model: "churn"), id: "2", key: "k", topic: bed.topics.events[1])
                _ = try await bed.phases(untilEnded: 2)
                // Older than what the other topic has brought.
                try await bed.emit(runs[0].data(model: "churn"), id: "3", key: "k", topic: bed.topics.events[0])
                let phases = try await bed.phases(untilEnded: 3)
                #expect(phases.values.compactMap(\.last).sorted() == ["deployed", "deployed", "superseded"])
            }
            #expect(try await bed.audit().deployedRuns == [runs[1].runID, runs[2].runID])
        }
    }

    /// Fields of ours on an event topic mean nothing: an event is a claim.
    @Test func ourOwnHeadersOnAnEventTopicMeanNothing() async throws {
        try await WorkerFixture.with { bed in
            let runs = try await bed.seedRuns(1)
            let producer = try Producer(properties: bed.kafka)
            _ = try await producer.send(
                ProducerRecord(
                    topic: bed.events,
                    partition: 2,
                    key: nil,
                    value: Array(runs[0].data(model: "churn").utf8),
                    headers: [
                        RecordHeader("slipway_hops", "3"), RecordHeader("slipway_moved", "0"),
                        RecordHeader("slipway_origin_topic", "elsewhere"),
                        RecordHeader("slipway_origin_partition", "0"), RecordHeader("slipway_origin_offset", "7"),
                    ]
                )
            )
            await producer.close()
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                let statuses = try await bed.read(bed.topics.status) {
                    $0.contains { WorkerFixture.phase(of: $0) == "deployed" }
                }
                #expect(statuses.compactMap { WorkerFixture.phase(of: $0) } == PipelineTests.everything)
            }
            #expect(try await bed.audit().created == Self.once)
        }
    }

    /// Event topics may grow at any time: what comes on a new partition is read, and nothing is lost meanwhile.
    @Test(
        .enabled(
            if: KafkaFixture.genuineBootstrap != nil,
            "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"
        )
    )
    func eventTopicsGrowUnderLoad() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 2, eventPartitionCount: 1) { bed in
            let runs = try await bed.seedRuns(18)
            var settings = bed.settings(.catchAll)
            settings.startFrom = nil
            let log = TestLog()
            try await bed.withWorker(settings, logger: log.logger) { _ in
                try await log.first("reading events")
                var partitions: Int32 = 1
                for (index, run) in runs.enumerated() {
                    if index % 6 == 3, partitions < 4 {
                        let admin = try Admin(properties: bed.kafka)
                        partitions += 1
                        try await admin.growTopic(bed.events, toPartitions: Int(partitions))
                        await admin.close()
                    }
                    let partition = Partition(rawValue: Int32(index) % partitions)
                    try await bed.emit(run.data(model: "m\(index)"), id: "\(index)", key: "k", partition: partition)
                }
                let phases = try await bed.phases(untilEnded: 18)
                #expect(phases.values.allSatisfy { $0 == PipelineTests.everything })
            }
            #expect(try await bed.audit().created == Self.times(18))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Kafka
import Machine
import Rollouts
import TestSupport
import Testing
import Values
import WorkbenchSandbox

@testable import Worker

/// Rule 11 on a genuine Kafka: the horizon is checked against the events topic, and old rollouts get their tombstones.
@Suite(
    .enabled(if: KafkaFixture.genuineBootstrap != nil, "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"),
    .timeLimit(.minutes(2))
)
struct HorizonBrokerTests {
    private func keepEvents(_ milliseconds: Int, _ bed: WorkerFixture) async throws {
        let admin = try Admin(properties: bed.kafka)
        // The inbox keeps events, too: read again, one would be deployed again.
        for topic in [bed.events, bed.topics.inbox] {
            try await admin.changeSettings(
                ofTopic: topic,
                ["retention.ms": "\(milliseconds)", "segment.ms": "\(milliseconds)"]
            )
        }
        await admin.close()
    }

    @Test func aHorizonShorterThanTheEventsAreKeptIsRefused() async throws {
        try await WorkerFixture.with(genuine: true) { bed in
            try await self.keepEvents(7_200_000, bed)
            var settings = bed.settings(.catchAll)
            settings.policy.dedupeHorizon = .seconds(3_600)
            // No rollout ever ends: the worker's own end ends the wait. A stop would come before the refusal.
            let error = await #expect(throws: WorkerFailure.self) {
                try await bed.withWorker(settings) { _ in _ = try await bed.phases(untilEnded: 1) }
            }
            #expect(error?.kind == .topics)
            #expect(error?.description.contains("7200000 ms (retention.ms)") == true)
            #expect(error?.description.contains("journal.dedupeHorizon") == true)
        }
    }

    @Test func anEndedRolloutGetsATombstoneAndItsEventIsNewAgain() async throws {
        try await WorkerFixture.with(genuine: true) { bed in
            try await self.keepEvents(1_000, bed)
            let runs = try await bed.seedRuns(1)
            var settings = bed.settings(.catchAll)
            settings.policy.dedupeHorizon = .seconds(2)
            try await bed.withWorker(settings) { _ in
                try await bed.emit(runs[0].data(model: "churn"), id: "1", key: "churn")
                let ended = try await bed.phases(untilEnded: 1)
                let journal = try await bed.read(bed.topics.journal) { $0.contains { $0.value == nil } }
                let tombstone = try #require(journal.last { $0.value == nil })
                #expect(tombstone.key.map { String(decoding: $0, as: UTF8.self) } == ended.keys.first)
                #expect(tombstone.headers.contains { $0.name == "slipway_generation" }, "it names its writer")
                // The same event again: nothing is known of it, so it is a rollout like any other.
                try await bed.emit(runs[0].data(model: "churn"), id: "1", key: "churn")
                _ = try await bed.phases(untilEnded: 2)
            }
        }
    }
}

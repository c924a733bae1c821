// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Telemetry
import TestSupport
import Testing
import Values

@testable import Worker

/// The group's offsets are gone, as brokers delete them after a week of rest: the journal says that this is no first start.
@Suite(
    .enabled(if: KafkaFixture.genuineBootstrap != nil, "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"),
    .timeLimit(.minutes(2))
)
struct LostOffsetsTests {
    @Test func whatCameWhileNobodyWorkedIsDeployed() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 2) { bed in
            let runs = try await bed.seedRuns(3)
            var settings = bed.settings(.catchAll)
            // Skipped by the first start, and it stays skipped.
            try await bed.emit(runs[0].data(model: "before"), id: "before", key: "before")
            settings.startFrom = nil
            settings.policy.dedupeHorizon = .seconds(30 * 86_400)
            let log = TestLog()
            try await bed.withWorker(settings, logger: log.logger) { _ in
                try await log.all("reading events", bed.eventPartitionCount)
                try await bed.emit(runs[1].data(model: "first"), id: "first", key: "first")
                _ = try await bed.phases(untilEnded: 1)
            }
            for model in ["other", "first"] {
                try await bed.emit(runs[2].data(model: model), id: "late-\(model)", key: model)
            }
            try await bed.deleteOffsets()
            try await bed.withWorker(settings) { _ in _ = try await bed.phases(untilEnded: 3) }
            #expect(try await bed.audit().created["deployment"] == 3)
        }
    }
}

extension WorkerFixture {
    /// Deletes all offsets that the group has committed, once its members have gone.
    fileprivate func deleteOffsets() async throws {
        let admin = try Admin(properties: self.kafka)
        for topic in self.topics.events + [self.topics.inbox] {
            try await admin.deleteOffsets(
                ofGroup: self.groupID,
                Array(try await self.committedOffsets(of: topic).keys)
            )
            #expect(try await self.committedOffsets(of: topic) == [:])
        }
        await admin.close()
    }
}

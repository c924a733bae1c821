// SPDX-License-Identifier: Apache-2.0

import Kafka
import Telemetry
import TestSupport
import Testing
import Values

@testable import Worker

/// Rule 9: events that were deleted before they were accepted are told as a loss. (That reserved properties are refused by
/// name is tested where they are: `KafkaPropertiesTests`.)
@Suite(
    .enabled(if: KafkaFixture.genuineBootstrap != nil, "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"),
    .timeLimit(.minutes(2))
)
struct Rule09OffsetTests {
    @Test func aCommittedOffsetOutOfRangeIsLoggedAndCountedAndWorkGoesOn() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 1) { bed in
            let runs = try await bed.seedRuns(3)
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                try await bed.emit(runs[0].data(model: "m0"), id: "0", key: "m0")
                _ = try await bed.phases(untilEnded: 1)
            }
            // Retention passes over an event that nobody has accepted.
            for index in 1...2 {
                try await bed.emit(runs[index].data(model: "m\(index)"), id: "\(index)", key: "m\(index)")
            }
            let admin = try Admin(properties: bed.kafka)
            try await admin.deleteRecords(before: [TopicPartition(bed.events, 0): Offset(rawValue: 2)])
            await admin.close()
            let (log, registry) = (TestLog(), MetricsRegistry())
            try await bed.withWorker(bed.settings(.catchAll), registry: registry, logger: log.logger) { _ in
                let record = try await log.first(
                    "committed offset is out of range: events were deleted before they were accepted"
                )
                #expect(record.level == .error)
                #expect(record.fields.contains { $0.key == "offset" && $0.value == .integer(1) })
                let phases = try await bed.phases(untilEnded: 2)
                #expect(phases.values.allSatisfy { $0.last == "deployed" })
            }
            #expect(registry.prometheusText().contains("slipway_events_lost_total 1\n"))
            #expect(try await bed.audit().created["deployment"] == 2)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Telemetry
import TestSupport
import Testing
import Values

@testable import Worker

/// The group's offsets are gone, as brokers delete them after a week of rest: the journal says that this is no first start.
@Suite(.timeLimit(.minutes(2)))
struct LostOffsetsTests {
    @Test(arguments: WorkerFixture.clusters)
    func whatCameWhileNobodyWorkedIsDeployed(isGenuine: Bool) async throws {
        try await WorkerFixture.with(genuine: isGenuine, partitionCount: 2) { bed in
            let runs = try await bed.seedRuns(3)
            var settings = bed.settings(.catchAll)
            // Skipped by the first start, and it stays skipped.
            try await bed.emit(runs[0].data(model: "before"), id: "before", key: "before")
            settings.startFrom = .now
            // The mock cluster finds no offsets by time.
            if isGenuine { settings.policy.dedupeHorizon = .seconds(30 * 86_400) }
            let log = TestLog()
            try await bed.withWorker(settings, logger: log.logger) { _ in
                for partition in 0..<2 {
                    let field = LogRecord.Field("partition", .integer(Int64(partition)))
                    _ = await log.kept.firstRecord {
                        $0.message == "partition taken over" && $0.fields.contains(field)
                    }
                }
                try await bed.emit(runs[1].data(model: "first"), id: "first", key: "first")
                _ = try await bed.phases(untilEnded: 1)
            }
            for model in ["other", "first"] {
                try await bed.emit(runs[2].data(model: model), id: "late-\(model)", key: model)
            }
            // A group without offsets is what a group looks like whose offsets were deleted.
            settings.groupID = KafkaFixture.uniqueName("worker-test")
            let again = TestLog()
            try await bed.withWorker(settings, logger: again.logger) { _ in
                _ = try await bed.phases(untilEnded: 3)
            }
            #expect(again.count("the committed offset is gone, reading again what the journal may know") == 2)
            #expect(try await bed.audit().created["deployment"] == 3)
        }
    }
}

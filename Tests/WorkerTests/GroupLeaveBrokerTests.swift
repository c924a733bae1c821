// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import TestSupport
import Testing
import Values
import WorkbenchSandbox

@testable import Worker

/// `slipway group leave`: what a static member held that has stopped for good.
@Suite(
    .enabled(if: KafkaFixture.genuineBootstrap != nil, "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"),
    .timeLimit(.minutes(3))
)
struct GroupLeaveBrokerTests {
    @Test func whatAStoppedStaticMemberHeldIsTakenOverAtOnce() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 2, clock: .init(fixed: .milliseconds(100))) { bed in
            let (stayed, gone) = (KafkaFixture.uniqueName("stays"), KafkaFixture.uniqueName("goes"))
            var settings = bed.settings(.catchAll)
            // Longer than the test may last.
            settings.sessionTimeout = .seconds(300)
            var others = settings
            (settings.groupInstanceID, others.groupInstanceID) = (stayed, gone)
            let (log, other) = (TestLog(), TestLog())
            try await bed.withWorker(settings, logger: log.logger) { [others] _ in
                try await log.first("partition taken over")
                try await bed.withWorker(others, logger: other.logger) { _ in
                    try await other.first("partition taken over")
                }
                let missed = try #require(other.takenOver.first)
                let shown = await bed.slipway(["group", "leave", gone])
                #expect(shown.isSuccess && shown.text.contains("holds"), "\(shown.text)")
                #expect(shown.text.contains("\(bed.topics.inbox)[\(missed.rawValue)]"), "\(shown.text)")
                #expect(shown.text.contains("Nothing was changed"), "\(shown.text)")

                let taken = log.takenOver.count
                let began = ContinuousClock.now
                let left = await bed.slipway(["group", "leave", gone, "--apply"])
                #expect(left.isSuccess && left.text.contains("has left"), "\(left.text)")
                try await log.all("partition taken over", taken + other.takenOver.count)
                let length = ContinuousClock.now - began
                print("given away after \(length)")
                #expect(length < .seconds(30), "the group is not waited for")
                let run = try await bed.seedRuns(1)[0]
                let model = bed.modelName(ownedBy: missed)
                try await bed.emit(run.data(model: model), id: "0", key: model)
                let phases = try await bed.phases(untilEnded: 1)
                #expect(phases.values.allSatisfy { $0.last == "deployed" })

                let again = await bed.slipway(["group", "leave", gone, "--apply"])
                #expect(!again.isSuccess && again.text.contains("it has \(stayed)"), "\(again.text)")
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import TestSupport
import Testing
import Values

@testable import Worker

/// Rule 24: a record that a broker refuses for itself is that record's fault, and holds up no other.
@Suite(
    .enabled(if: KafkaFixture.genuineBootstrap != nil, "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"),
    .timeLimit(.minutes(2))
)
struct Rule24RefusedRecordTests {
    /// A compacted topic takes no record without a key, as a dead letter used to be where its event had none.
    @Test func aDeadLetterWithoutAKeyReachesACompactedTopicAndItsNeighboursGoOn() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 1) { bed in
            let runs = try await bed.seedRuns(2)
            try await bed.change(bed.topics.dead, "cleanup.policy", to: "compact")
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                try await bed.emit(runs[0].data(model: "good-0"), id: "0", key: "good-0")
                try await bed.emit("{ no JSON", id: "1", key: nil)
                try await bed.emit(runs[1].data(model: "good-2"), id: "2", key: "good-2")
                let phases = try await bed.phases(untilEnded: 2)
                #expect(phases.values.allSatisfy { $0.last == "deployed" })
                let dead = try await bed.read(bed.topics.dead) { !$0.isEmpty }
                #expect(dead.map { String(decoding: $0.key ?? [], as: UTF8.self) } == ["\(bed.events)/0/1"])
            }
            #expect(try await bed.committedOffsets().values.map(\.rawValue) == [3])
        }
    }
}

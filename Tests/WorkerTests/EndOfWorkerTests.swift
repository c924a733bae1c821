// SPDX-License-Identifier: Apache-2.0

import Kafka
import Machine
import Rollouts
import TestSupport
import Testing
import WorkbenchSandbox

@testable import Worker

/// A worker that can't work says so, and ends when it is told to; none lives on without working.
@Suite(.timeLimit(.minutes(2)))
struct EndOfWorkerTests {
    @Test func aStopEndsAWorkerThatNeverReachedKafka() async throws {
        try await WorkerFixture.with { bed in
            var settings = bed.settings(.catchAll)
            settings.kafka = try KafkaProperties(bootstrapServers: "127.0.0.1:1")
            let log = TestLog()
            try await bed.withWorker(settings, logger: log.logger) { _ in
                try await log.first("Kafka can't be reached, trying again")
            }
            #expect(log.count("stopped") == 1)
        }
    }

    /// Within two seconds, in librdkafka's own words: the first call that fails takes ten to say so.
    @Test(arguments: ["127.0.0.1:1", "no.such.host.invalid:9092"])
    func aKafkaThatIsAwayFromTheStartIsNamedInReadiness(address: String) async throws {
        try await WorkerFixture.with { bed in
            var settings = bed.settings(.catchAll)
            settings.kafka = try KafkaProperties(bootstrapServers: address)
            try await bed.withWorker(settings) { worker in
                let began = ContinuousClock.now
                while true {
                    let cause = worker.health.snapshot.first { $0.name == "partitions" }?.cause ?? ""
                    if cause.contains(address) {
                        #expect(cause.hasPrefix("Kafka can't be reached: "))
                        return
                    }
                    try #require(ContinuousClock.now - began < .seconds(2), "readiness says '\(cause)'")
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
        }
    }

    @Test func aStopEndsAWorkerInTimeThoughKafkaHasGone() async throws {
        try await WorkerFixture.with(clock: .init(fixed: .seconds(3))) { bed in
            let mock = try #require(bed.mock)
            let runs = try await bed.seedRuns(1)
            var settings = bed.settings(.catchAll)
            settings.transactionTimeout = .seconds(2)
            settings.stopTimeout = .seconds(3)
            let log = TestLog()
            try await bed.withWorker(settings, logger: log.logger) { _ in
                try await log.first("partition taken over")
                try await bed.emit(runs[0].data(model: "churn"), id: "1", key: "churn")
                _ = try await bed.read(bed.topics.status) { !$0.isEmpty }
                try await mock.setBroker(1, isUp: false)
                // The next thing that is to be written down tells.
                try await log.first("producer unusable; reloading every partition from the journal")
            }
            #expect(log.count("stopped") == 1)
            try await mock.setBroker(1, isUp: true)
        }
    }

    @Test(
        .enabled(
            if: KafkaFixture.genuineBootstrap != nil,
            "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"
        )
    )
    func aStaticMemberWhoseNameIsTakenEndsWithANamedFailure() async throws {
        try await WorkerFixture.with(genuine: true) { bed in
            var settings = bed.settings(.catchAll)
            settings.groupInstanceID = KafkaFixture.uniqueName("worker")
            let log = TestLog()
            let final = settings
            let failure = await #expect(throws: WorkerFailure.self) {
                try await bed.withWorker(final, logger: log.logger) { _ in
                    try await log.first("partition taken over")
                    var usurper = ConsumerSettings(groupID: bed.groupID)
                    usurper.groupInstanceID = final.groupInstanceID
                    usurper.sessionTimeout = final.sessionTimeout
                    let consumer = try Consumer(properties: bed.kafka, settings: usurper)
                    try await consumer.subscribe([bed.events])
                    var probe = KafkaProbe(consumer)
                    _ = try await probe.assignment()
                    // The worker notices by its next heartbeat, and its end ends this wait.
                    _ = try await log.first("never logged")
                }
            }
            #expect(failure?.kind == .kafka)
            #expect(failure?.description.contains("FENCED_INSTANCE_ID") == true, "\(String(describing: failure))")
            #expect(failure?.description.contains("the same kafka.group.instance.id: give each worker") == true)
        }
    }
}

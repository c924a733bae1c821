// SPDX-License-Identifier: Apache-2.0

import Kafka
import Machine
import Rollouts
import TestSupport
import Testing

@testable import Worker

/// Rule 11 and the hand-over: topics that would lose work, or that don't fit each other, are refused at the start.
@Suite(
    .enabled(if: KafkaFixture.genuineBootstrap != nil, "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"),
    .timeLimit(.minutes(2))
)
struct Rule11JournalTopicTests {
    @Test(arguments: ["delete", "compact,delete"])
    func aJournalThatIsDeletedFromIsRefused(policy: String) async throws {
        try await WorkerFixture.with(genuine: true) { bed in
            try await bed.change(bed.topics.journal, "cleanup.policy", to: policy)
            let failure = await bed.failureAtStart(bed.settings(.catchAll))
            #expect(failure?.kind == .topics)
            #expect(failure?.description.contains("'\(bed.topics.journal)': cleanup.policy is '\(policy)'") == true)
        }
    }

    @Test func aJournalWithAnotherNumberOfPartitionsIsRefused() async throws {
        try await WorkerFixture.with(genuine: true) { bed in
            let admin = try Admin(properties: bed.kafka)
            let new = NewTopic(
                name: bed.topics.journal + "-4",
                partitionCount: 4,
                settings: ["cleanup.policy": "compact"]
            )
            #expect(try await admin.createTopics([new])[new.name] == nil)
            await admin.close()
            var settings = bed.settings(.catchAll)
            settings.topics.journal = new.name
            let failure = await bed.failureAtStart(settings)
            #expect(failure?.kind == .topics)
            #expect(
                failure?.description.contains("has 3 partitions and '\(new.name)' 4") == true,
                "\(String(describing: failure))"
            )
        }
    }

    /// Commands count in the order in which they stand, which only one partition has.
    @Test func moreThanOnePartitionOfCommandsIsRefused() async throws {
        try await WorkerFixture.with(genuine: true) { bed in
            let name = bed.topics.commands + "-2"
            try await bed.make(name, partitions: 2)
            var settings = bed.settings(.catchAll)
            settings.topics.commands = name
            let failure = await bed.failureAtStart(settings)
            #expect(failure?.kind == .topics)
            #expect(failure?.description.contains("topic '\(name)': it has 2 partitions, must have 1") == true)
        }
    }

    @Test func aTopicThatIsNotThereIsNamed() async throws {
        try await WorkerFixture.with(genuine: true) { bed in
            var settings = bed.settings(.catchAll)
            settings.topics.status = "nowhere"
            let failure = await bed.failureAtStart(settings)
            #expect(failure?.kind == .topics)
            #expect(failure?.description.contains("'nowhere'") == true)
        }
    }
}

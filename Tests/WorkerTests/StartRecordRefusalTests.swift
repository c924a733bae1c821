// SPDX-License-Identifier: Apache-2.0

import Kafka
import Machine
import Rollouts
import TestSupport
import Testing
import Values

@testable import Worker

/// Rule 17: a worker goes on with the journal of its own world only, and says by name what does not fit.
@Suite(.timeLimit(.minutes(2)))
struct StartRecordRefusalTests {
    /// Runs a worker until its journal has its start records.
    private func begin(_ bed: WorkerFixture) async throws {
        let log = TestLog()
        try await bed.withWorker(bed.settings(.catchAll), logger: log.logger) { _ in
            try await log.all("reading events", bed.eventPartitionCount)
            _ = try await bed.read(bed.topics.journal) { $0.count >= bed.partitionCount }
        }
    }

    /// Why a worker ends by itself.
    private func failure(_ bed: WorkerFixture, _ settings: WorkerSettings) async -> WorkerFailure? {
        await #expect(throws: WorkerFailure.self) {
            // No rollout ever ends: the worker's own end ends the wait.
            try await bed.withWorker(settings) { _ in _ = try await bed.phases(untilEnded: 1) }
        }
    }

    @Test(arguments: WorkerFixture.clusters)
    func theJournalOfAnotherGroupIsRefused(isGenuine: Bool) async throws {
        try await WorkerFixture.with(genuine: isGenuine) { bed in
            try await self.begin(bed)
            var settings = bed.settings(.catchAll)
            settings.groupID += "-other"
            let failure = await self.failure(bed, settings)
            #expect(failure?.kind == .journalUnreadable)
            #expect(failure?.description.contains("belongs to consumer group '\(bed.groupID)'") == true)
            #expect(failure?.description.contains("set kafka.group.id to '\(bed.groupID)'") == true)
        }
    }

    @Test(arguments: WorkerFixture.clusters)
    func theJournalOfAnotherWorkbenchIsRefused(isGenuine: Bool) async throws {
        try await WorkerFixture.with(genuine: isGenuine) { bed in
            try await self.begin(bed)
            var settings = bed.settings(.catchAll)
            settings.workbench = "https://other.workbench"
            let failure = await self.failure(bed, settings)
            #expect(failure?.description.contains("belongs to workbench '\(bed.workbench)'") == true)
            #expect(failure?.description.contains("https://other.workbench") == true)
        }
    }

    @Test func aJournalOfAnotherCountIsRefused() async throws {
        try await WorkerFixture.with { bed in
            let writer = JournalRecord.Writer(process: "other", generation: 1)
            let start = StartRecord(partitionCount: 24, group: bed.groupID, workbench: bed.workbench)
            let producer = try Producer(properties: bed.kafka)
            _ = try await producer.send(JournalRecord(start, writer: writer).produced(to: bed.topics.journal, 1))
            await producer.close()
            let failure = await self.failure(bed, bed.settings(.catchAll))
            #expect(failure?.description.contains("begun with 24 partitions, and the inbox has 3") == true)
        }
    }

    /// The group has worked with the journal, and its records are gone; the mock cluster keeps no offsets of transactions.
    @Test(
        .enabled(
            if: KafkaFixture.genuineBootstrap != nil,
            "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"
        )
    )
    func aLostJournalIsRefused() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 2) { bed in
            try await self.begin(bed)
            var settings = bed.settings(.catchAll)
            // Another topic in its place, as one that was deleted and made again.
            settings.topics.journal = try await bed.emptyJournal()
            let failure = await self.failure(bed, settings)
            #expect(failure?.kind == .journalUnreadable)
            #expect(failure?.description.contains("has no start record, though the group has worked with it") == true)
        }
    }
}

extension WorkerFixture {
    /// Makes another, empty journal topic.
    fileprivate func emptyJournal() async throws -> String {
        let name = self.topics.journal + "-again"
        if let mock = self.mock {
            try await mock.createTopic(name, partitionCount: self.partitionCount)
            return name
        }
        let admin = try Admin(properties: self.kafka)
        let topic = NewTopic(name: name, partitionCount: self.partitionCount, settings: ["cleanup.policy": "compact"])
        let failures = try await admin.createTopics([topic])
        await admin.close()
        if let failure = failures[name] { throw failure }
        return name
    }
}

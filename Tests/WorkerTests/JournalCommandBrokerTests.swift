// SPDX-License-Identifier: Apache-2.0

import Kafka
import Machine
import Rollouts
import TestSupport
import Testing
import Values

@testable import Worker

/// `slipway journal` beside the worker that it is for.
@Suite(
    .enabled(if: KafkaFixture.genuineBootstrap != nil, "KAFKA_BOOTSTRAP is not set: no genuine Kafka to test against"),
    .timeLimit(.minutes(2))
)
struct JournalCommandBrokerTests {
    private static let key = RolloutID(high: 7, low: 7).description

    private func run(_ bed: WorkerFixture, _ words: String...) async -> (isSuccess: Bool, text: String) {
        await bed.slipway(["journal"] + words)
    }

    private func write(
        _ bed: WorkerFixture,
        key: String,
        _ headers: [RecordHeader],
        to partition: Partition
    ) async throws {
        let producer = try Producer(properties: bed.kafka)
        _ = try await producer.send(
            ProducerRecord(
                topic: bed.topics.journal,
                partition: partition,
                key: Array(key.utf8),
                value: Array("{}".utf8),
                headers: headers
            )
        )
        await producer.close()
    }

    private func headers(lane: String) -> [RecordHeader] {
        [
            RecordHeader(JournalRecord.HeaderName.schema, "newer"),
            RecordHeader(JournalRecord.HeaderName.kind, "rollout"),
            RecordHeader(JournalRecord.HeaderName.lane, lane),
        ]
    }

    @Test func checkNamesAndForgetHeals() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 2) { bed in
            let (run, model) = (try await bed.seedRuns(1)[0], bed.modelName(ownedBy: 1))
            let lane = "\(run.projectID)/\(model)"
            // Begun by a worker that has gone.
            let log = TestLog()
            try await bed.withWorker(bed.settings(.catchAll), logger: log.logger) { _ in
                _ = try await bed.read(bed.topics.journal) { $0.count >= bed.partitionCount }
            }
            let clean = await self.run(bed, "check")
            #expect(clean.isSuccess, "\(clean.text)")
            try await self.write(bed, key: "stray", [], to: 0)
            #expect(await self.run(bed, "check").isSuccess, "what is ignored is no problem")
            try await self.write(bed, key: Self.key, self.headers(lane: lane), to: 1)

            let check = await self.run(bed, "check")
            #expect(!check.isSuccess)
            #expect(check.text.contains("partition 0: foreign 'stray' at "))
            #expect(check.text.contains("partition 1: unreadable '\(Self.key)' at "))
            #expect(check.text.contains("waits: lane \(lane)"))
            #expect(check.text.contains("what to do: start the version that wrote it, or a newer one"))
            let json = await self.run(bed, "check", "--json", "--partition", "1")
            #expect(json.text.contains(#""finding":"unreadable","key":"\#(Self.key)""#))

            var settings = bed.settings(.catchAll)
            settings.healingInterval = .milliseconds(500)
            try await bed.withWorker(settings) { worker in
                try await bed.emit(run.data(model: model), id: "1", key: model)
                _ = try await bed.read(bed.topics.status) { $0.contains { WorkerFixture.phase(of: $0) == "waiting" } }
                #expect(!worker.health.isReady)
                let dry = await self.run(bed, "forget", Self.key)
                #expect(dry.isSuccess)
                #expect(dry.text.contains("Nothing was written; add --apply to write it."))
                #expect(await self.run(bed, "check").isSuccess == false)
                #expect(await self.run(bed, "forget", Self.key, "--apply").isSuccess)
                #expect(try await bed.phases(untilEnded: 1).values.first?.last == "deployed")
            }
            #expect(await self.run(bed, "check").isSuccess)
        }
    }

    @Test func forgetRefusesWhatCanBeRead() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 1) { bed in
            let run = try await bed.seedRuns(1)[0]
            let lane = "lane:\(run.projectID)/churn"
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                try await bed.emit(run.data(model: "churn"), id: "1", key: "churn")
                _ = try await bed.phases(untilEnded: 1)
                let refused = await self.run(bed, "forget", lane, "--apply")
                #expect(!refused.isSuccess)
                #expect(refused.text.contains("can be read, and nothing waits for it"))
                let forced = await self.run(bed, "forget", lane, "--apply", "--force")
                #expect(!forced.isSuccess)
                #expect(forced.text.contains("stop all workers first"))
            }
            #expect(await self.run(bed, "forget", "start", "--apply", "--force").isSuccess == false)
            #expect(await self.run(bed, "forget", "nothing").text.contains("nothing stands under 'nothing'"))
            let forced = await self.run(bed, "forget", lane, "--apply", "--force")
            #expect(forced.isSuccess, "\(forced.text)")
            #expect(forced.text.contains("an older run may take its place"))
            #expect(await self.run(bed, "forget", lane).isSuccess == false, "nothing stands there any more")
        }
    }

    /// Rule 17: a journal that was deleted is refused by name until an operator accepts the loss.
    @Test func aDeletedJournalGoesOnOnceItsLossIsAccepted() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 2) { bed in
            let runs = try await bed.seedRuns(2)
            let model = bed.modelName(ownedBy: 1)
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                try await bed.emit(runs[0].data(model: model), id: "1", key: model)
                _ = try await bed.phases(untilEnded: 1)
            }
            try await self.remakeJournal(bed)
            let failure = await #expect(throws: WorkerFailure.self) {
                try await bed.withWorker(bed.settings(.catchAll)) { _ in _ = try await bed.phases(untilEnded: 2) }
            }
            #expect(failure?.description.contains("slipway journal begin --accept-loss") == true)
            let check = await self.run(bed, "check")
            #expect(!check.isSuccess)
            #expect(check.text.contains("partition 1: lost: it has no start record"))

            let dry = await self.run(bed, "begin")
            #expect(dry.text.contains("Nothing was written; add --accept-loss"))
            #expect(dry.text.contains("would not be known any more: rollouts that were under way"))
            #expect(await self.run(bed, "check").isSuccess == false)
            let begun = await self.run(bed, "begin", "--accept-loss")
            #expect(begun.isSuccess, "\(begun.text)")
            #expect(await self.run(bed, "check").isSuccess)
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                try await bed.emit(runs[1].data(model: model), id: "2", key: model)
                _ = try await bed.phases(untilEnded: 2)
            }
            #expect(await self.run(bed, "begin").text.contains("nothing is to be begun"))
        }
    }

    /// Deletes the journal topic and makes it again.
    private func remakeJournal(_ bed: WorkerFixture) async throws {
        let admin = try Admin(properties: bed.kafka)
        _ = try await admin.deleteTopics([bed.topics.journal])
        let topic = NewTopic(
            name: bed.topics.journal,
            partitionCount: bed.partitionCount,
            settings: ["cleanup.policy": "compact"]
        )
        var failure: KafkaError?
        // A topic that is being deleted is there for a moment.
        repeat { failure = try await admin.createTopics([topic])[topic.name] } while failure?.isTopicExists == true
        await admin.close()
        if let failure { throw failure }
    }
}

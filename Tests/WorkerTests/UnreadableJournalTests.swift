// SPDX-License-Identifier: Apache-2.0

import Kafka
import Machine
import Rollouts
import Telemetry
import Testing
import Values

@testable import Worker

/// Rule 18: one journal record that can't be used parks no more than what it belongs to, and the worker lives.
@Suite(.timeLimit(.minutes(2)))
struct UnreadableJournalTests {
    private static let key = Array(RolloutID(high: 7, low: 7).description.utf8)

    /// Settings of a worker that looks often whether something was healed.
    private func settings(_ bed: WorkerFixture) -> WorkerSettings {
        var settings = bed.settings(.catchAll)
        settings.healingInterval = .milliseconds(500)
        return settings
    }

    /// Writes to a partition of the journal, behind the record that says what it belongs to.
    private func begin(_ partition: Partition, with record: ProducerRecord, _ bed: WorkerFixture) async throws {
        let start = StartRecord(
            partitionCount: bed.partitionCount,
            group: bed.groupID,
            workbench: bed.workbench,
            topics: partition.rawValue == 0 ? [bed.events: .beginning] : [:]
        )
        let writer = JournalRecord.Writer(process: "test", generation: 1)
        let producer = try Producer(properties: bed.kafka)
        _ = try await producer.send(JournalRecord(start, writer: writer).produced(to: bed.topics.journal, partition))
        _ = try await producer.send(record)
        await producer.close()
    }

    private func forget(_ partition: Partition, _ bed: WorkerFixture) async throws {
        let producer = try Producer(properties: bed.kafka)
        _ = try await producer.send(
            ProducerRecord(topic: bed.topics.journal, partition: partition, key: Self.key, value: nil)
        )
        await producer.close()
    }

    /// A record of a rollout that is being built, of a lane or of none.
    private func record(
        _ bed: WorkerFixture,
        schema: String = JournalRecord.schema,
        lane: String?
    ) -> ProducerRecord {
        let headers = [
            RecordHeader(JournalRecord.HeaderName.schema, schema),
            RecordHeader(JournalRecord.HeaderName.kind, "rollout"),
            RecordHeader(JournalRecord.HeaderName.step, "build"),
        ]
        let named = lane.map { [RecordHeader(JournalRecord.HeaderName.lane, $0)] } ?? []
        return ProducerRecord(
            topic: bed.topics.journal,
            partition: 1,
            key: Self.key,
            value: Array("{}".utf8),
            headers: headers + named
        )
    }

    /// Waits until a rollout's status says a phase with that class of cause.
    private func waits(_ bed: WorkerFixture) async throws {
        _ = try await bed.read(bed.topics.status) { records in
            records.contains { record in
                guard WorkerFixture.phase(of: record) == "waiting" else { return false }
                return (try? WorkerFixture.causeClass(of: record)) == CauseClass.journalUnreadable.rawValue
            }
        }
    }

    private func cause(_ worker: Worker, _ name: Condition.Name) -> String {
        worker.health.snapshot.first { $0.name == name.rawValue }?.cause ?? ""
    }

    @Test(arguments: WorkerFixture.clusters)
    func aRecordOfSomebodyElseIsIgnoredAndNamed(isGenuine: Bool) async throws {
        try await WorkerFixture.with(genuine: isGenuine) { bed in
            let producer = try Producer(properties: bed.kafka)
            let place = Partition(rawValue: 1)
            _ = try await producer.send(
                ProducerRecord(topic: bed.topics.journal, partition: place, key: Array("strange".utf8), value: [1])
            )
            await producer.close()
            let (log, run) = (TestLog(), try await bed.seedRuns(1)[0])
            try await bed.withWorker(self.settings(bed), logger: log.logger) { worker in
                let record = try await log.first("journal has keys of somebody else, which are ignored")
                #expect(record.fields.contains { $0.key == "first" && $0.value == .string("strange") })
                let model = bed.modelName(ownedBy: 1)
                try await bed.emit(run.data(model: model), id: "1", key: model)
                #expect(try await bed.phases(untilEnded: 1).values.first?.last == "deployed")
                #expect(worker.health.isReady)
            }
        }
    }

    @Test(arguments: WorkerFixture.clusters, [JournalRecord.schema, "newer"])
    func aRecordOfALaneParksThatLaneUntilItIsHealed(isGenuine: Bool, schema: String) async throws {
        try await WorkerFixture.with(genuine: isGenuine) { bed in
            let (runs, model) = (try await bed.seedRuns(2), bed.modelName(ownedBy: 1))
            let other = (0...).lazy.map { "other-\($0)" }.first {
                Partitioning.ownerPartition(forKey: $0.utf8, count: bed.partitionCount) == 1
            }
            let neighbour = try #require(other)
            let lane = "\(runs[0].projectID)/\(model)"
            try await self.begin(1, with: self.record(bed, schema: schema, lane: lane), bed)
            let log = TestLog()
            try await bed.withWorker(self.settings(bed), logger: log.logger) { worker in
                try await log.first("journal record can't be read, what it belongs to waits")
                try await bed.emit(runs[0].data(model: model), id: "1", key: model)
                try await bed.emit(runs[1].data(model: neighbour), id: "2", key: neighbour)
                let ended = try await bed.phases(untilEnded: 1)
                #expect(ended.values.filter { $0.last == "deployed" }.count == 1, "the other lane goes on")
                try await self.waits(bed)
                let cause = self.cause(worker, .lanes)
                #expect(cause.contains("lane '\(lane)' waits"))
                #expect(cause.contains("slipway journal forget \(String(decoding: Self.key, as: UTF8.self))"))
                try await self.forget(1, bed)
                try await log.first("an unreadable journal record has been healed, beginning the partition anew")
                let both = try await bed.phases(untilEnded: 2)
                #expect(both.values.map(\.last) == ["deployed", "deployed"])
                #expect(both.values.contains { $0.contains("waiting") })
            }
            #expect(try await bed.audit().created == ["version": 2, "model": 2, "build": 2, "deployment": 2])
        }
    }

    @Test(arguments: WorkerFixture.clusters)
    func aRecordWithoutALaneParksItsPartitionUntilItIsHealed(isGenuine: Bool) async throws {
        try await WorkerFixture.with(genuine: isGenuine) { bed in
            let runs = try await bed.seedRuns(2)
            let models = [bed.modelName(ownedBy: 1), bed.modelName(ownedBy: 2)]
            try await self.begin(1, with: self.record(bed, lane: nil), bed)
            try await bed.withWorker(self.settings(bed)) { worker in
                for (index, model) in models.enumerated() {
                    try await bed.emit(runs[index].data(model: model), id: "\(index)", key: model)
                }
                #expect(try await bed.phases(untilEnded: 1).count == 1, "the other partitions go on")
                #expect(self.cause(worker, .partitions).contains("the partition waits, since the record names no lane"))
                try await self.forget(1, bed)
                #expect(try await bed.phases(untilEnded: 2).values.map(\.last) == ["deployed", "deployed"])
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Values

/// Does to a drill's topics what operators, and people by mistake, do to topics.
actor TopicOperator {
    private let topics: DrillTopics
    private let models: [String]
    private let inboxPartitions: Int
    private let admin: Admin
    private let producer: Producer
    private let report: @Sendable (String) -> Void
    private var partitions: Int
    /// What was done, and when.
    private(set) var history: [InjectedFault] = []

    /// Header field of the records that are written here, for whoever judges the journal.
    static let strayField = "drill_stray"

    /// - Throws: `KafkaError` if no client can be made.
    init(
        _ topics: DrillTopics,
        _ plan: DrillPlan,
        _ settings: DrillSettings,
        _ kafka: KafkaProperties,
        report: @escaping @Sendable (String) -> Void
    ) throws {
        self.topics = topics
        self.models = Set(plan.runs.map(\.model)).sorted()
        self.inboxPartitions = settings.inboxPartitionCount
        self.partitions = settings.eventPartitionCount
        self.admin = try Admin(properties: kafka)
        self.producer = try Producer(properties: kafka)
        self.report = report
    }

    /// Gives the events topic a partition more.
    ///
    /// - Throws: `KafkaError` when the brokers refuse.
    func grow() async throws {
        self.partitions += 1
        self.report("the events topic grows to \(self.partitions) partitions")
        try await self.admin.growTopic(self.topics.events, toPartitions: self.partitions)
        self.note(.grown, from: .now())
    }

    /// Writes a record that is nobody's, or that can't be read, and takes it away again.
    ///
    /// One that can't be read parks the lane that it names, until a tombstone of its key heals it.
    ///
    /// - Throws: `KafkaError` when it can't be written.
    func stray(_ number: Int, for length: Duration) async throws {
        let from = Timestamp.now()
        let model = self.models[number % self.models.count]
        let lane = Lane.Key(projectID: DrillPlan.projectID, modelName: model)
        let isForeign = number.isMultiple(of: 3)
        let key = isForeign ? "stray-\(number)" : RolloutID(high: 0, low: UInt64(number)).description
        var headers = [RecordHeader(Self.strayField, "\(number)")]
        if !isForeign {
            headers += [
                RecordHeader(JournalRecord.HeaderName.schema, JournalRecord.schema),
                RecordHeader(JournalRecord.HeaderName.kind, "rollout"),
                RecordHeader(JournalRecord.HeaderName.step, "build"),
                RecordHeader(JournalRecord.HeaderName.lane, lane.journalText),
            ]
        }
        self.report("a stray record '\(key)' for \(length.tenths) s, about \(model)")
        let partition = Ownership.owner(of: model, count: self.inboxPartitions)
        var record = ProducerRecord(
            topic: self.topics.journal,
            partition: partition,
            key: Array(key.utf8),
            value: Array("by mistake".utf8)
        )
        record.headers = headers
        _ = try await self.producer.send(record)
        // Taken away even when the drill is being given up.
        do { try await Task.sleep(for: length) } catch { self.report("giving up, taking '\(key)' away") }
        record.value = nil
        record.headers = [RecordHeader(Self.strayField, "\(number)")]
        _ = try await self.producer.send(record)
        self.note(.stray, from: from)
    }

    private func note(_ kind: InjectedFault.Kind, from: Timestamp) {
        self.history.append(InjectedFault(kind: kind, worker: "an operator", from: from, until: .now()))
    }

    /// Ends its clients.
    func close() async {
        await self.producer.close()
        await self.admin.close()
    }
}

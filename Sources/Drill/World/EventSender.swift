// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Synchronization
import Values

/// Sends a plan's events, each at its time, and notes where those stand that arrived.
final class EventSender: Sendable {
    private struct Sent: Sendable {
        var expectedRollouts: Set<DrillPlan.ExpectedRollout> = []
        var unreadable: Set<Observations.Place> = []
        var failures: [String] = []
    }

    private let plan: DrillPlan
    private let topic: String
    private let commandsTopic: String
    private let producer: Producer
    /// With librdkafka's own default partitioner, as most producers have it.
    private let otherProducer: Producer
    private let sent = Mutex(Sent())

    /// - Throws: `KafkaError` or `KafkaPropertyError` if no client can be made.
    init(_ plan: DrillPlan, _ topics: DrillTopics, _ bootstrapServers: String) throws {
        self.plan = plan
        self.topic = topics.events
        self.commandsTopic = topics.commands
        // So that partitions by which the topic has grown get events, too.
        let refresh = KafkaProperties.Property("topic.metadata.refresh.interval.ms", "1000")
        self.producer = try Producer(
            properties: try KafkaProperties([.init("bootstrap.servers", bootstrapServers), refresh])
        )
        self.otherProducer = try Producer(
            properties: try KafkaProperties([
                .init("bootstrap.servers", bootstrapServers), .init("partitioner", "consistent_random"), refresh,
            ])
        )
    }

    /// Sends all events; returns when the last one has arrived.
    ///
    /// - Parameter start: When the drill began.
    /// - Throws: `CancellationError`, `DrillFailure` if an event could not be sent.
    func run(from start: ContinuousClock.Instant) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for (number, event) in self.plan.events.enumerated() {
                group.addTask {
                    try await Task.sleep(until: start + event.at, clock: .continuous)
                    try await self.send(event, number)
                }
            }
        }
    }

    private func send(_ event: DrillPlan.Event, _ number: Int) async throws {
        let place = try await self.place(of: event, number)
        self.sent.withLock { sent in
            switch event.content {
            case .rollout(let expected, _): sent.expectedRollouts.insert(expected)
            case .unreadable:
                sent.unreadable.insert(Observations.Place(partition: place.partition, offset: place.offset))
            }
        }
    }

    /// Sends an event, as training jobs do: again where a broker that dies refuses it.
    ///
    /// One that arrived all the same is then there twice, which the worker has to know. Of what can't be read nobody knows
    /// that it is the same, so that is sent once.
    private func place(of event: DrillPlan.Event, _ number: Int) async throws -> RecordMetadata {
        let record = self.record(event, number)
        let producer = event.placement == .otherHash ? self.otherProducer : self.producer
        var attempts = 1
        if case .rollout = event.content { attempts = 5 }
        while true {
            attempts -= 1
            do throws(KafkaError) {
                return try await producer.send(record)
            } catch {
                guard attempts > 0 else { throw DrillFailure("event \(number) could not be sent: \(error)") }
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func record(_ event: DrillPlan.Event, _ number: Int) -> ProducerRecord {
        var partition: Partition?
        if case .keyless(let number) = event.placement { partition = Partition(rawValue: number) }
        switch event.content {
        case .unreadable(let value):
            return ProducerRecord(topic: self.topic, partition: partition, key: nil, value: value)
        case .rollout(let expected, let index):
            let run = self.plan.runs[index]
            let name = expected.replayID.map { "\(run.id) \($0)" } ?? run.id
            let event = RunFinishedEvent(
                source: "/drill",
                // The same again is the same event; another one has another id.
                id: event.isAnother ? "\(name) another \(number)" : name,
                time: nil,
                data: RunFinishedData(
                    run: RunReference(
                        projectID: DrillPlan.projectID,
                        experimentID: run.experimentID,
                        runID: run.id
                    ),
                    status: "FINISHED",
                    model: RunFinishedData.ModelWish(name: run.model)
                ),
                // Where it stands nobody knows before it is sent.
                origin: Origin(topic: self.topic, partition: 0, offset: 0)
            )
            var record = EventEncoder.record(event, topic: self.topic)
            if let replayID = expected.replayID { return self.command(replayID, record) }
            if partition != nil { record.key = nil }
            record.partition = partition
            return record
        }
    }

    /// A past event is asked for again, as an operator does; its place is no matter, since its id names it.
    private func command(_ replayID: String, _ record: ProducerRecord) -> ProducerRecord {
        let order = ReplayOrder(
            replay: Replay(id: replayID, reason: "drill"),
            record: ConsumedRecord(
                topicPartition: TopicPartition(record.topic, 0),
                offset: 0,
                key: record.key,
                value: record.value,
                headers: record.headers
            )
        )
        let head = CommandHead(
            id: "\(replayID)/\(expectedName(record))",
            kind: OperatorCommand.replayWord,
            who: "drill",
            reason: order.replay.reason
        )
        let command = OperatorCommand(head: head, time: nil, kind: .replay(order))
        return CommandEncoder.record(command, topic: self.commandsTopic)
    }

    /// What names the event.
    private func expectedName(_ record: ProducerRecord) -> String {
        record.headers.first { $0.name == "ce_id" }?.text ?? ""
    }

    /// Puts what has arrived among the observations.
    func note(in seen: inout Observations) {
        let sent = self.sent.withLock { $0 }
        seen.expectedRollouts = sent.expectedRollouts
        seen.unreadable = sent.unreadable
    }

    /// Ends both clients.
    func close() async {
        await self.producer.close()
        await self.otherProducer.close()
    }
}

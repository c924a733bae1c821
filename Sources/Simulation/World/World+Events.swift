// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// What training jobs and operators send.
extension World {
    func emit(_ index: Int) {
        let event = self.plan.events[index]
        let original = event.kind == .again ? self.plan.events.first { $0.id == event.of } ?? event : event
        guard original.replayID == nil else { return self.command(original, index) }
        let topic = self.topics.events[event.topic]
        let log = LogID(topic: topic, partition: event.partition % self.kafka.partitionCount(of: topic))
        let record = self.record(of: event)
        let offset = self.kafka.append(record, to: log)
        self.trace.note(.emitted, index)
        let consumed = ConsumedRecord(
            topicPartition: self.topics.topicPartition(of: log),
            offset: Offset(rawValue: offset),
            timestamp: record.timestamp,
            key: record.key,
            value: record.value,
            headers: record.headers
        )
        // What is to become of it is what the shipped intake says of it, wherever and whenever it is read.
        let partition = ReadPartition(.events(event.topic), Partition(rawValue: Int32(log.partition)))
        let entry = self.intake.entry(consumed, from: partition, now: self.clockwork.wall)
        self.ledger.expect(entry, of: event, at: self.clockwork.now)
    }

    /// An operator asks for a past event again: the same command again where it is asked twice.
    private func command(_ event: PlanEvent, _ index: Int) {
        let record = EventEncoder.record(self.event(event), topic: self.topics.names.events[event.topic])
        let order = ReplayOrder(
            replay: Replay(
                id: event.replayID ?? "",
                reason: "simulated",
                allowsRollback: event.kind == .rollback
            ),
            record: ConsumedRecord(
                topicPartition: TopicPartition(record.topic, Partition(rawValue: Int32(event.partition))),
                offset: Offset(rawValue: Int64(event.id)),
                timestamp: self.clockwork.wall,
                key: record.key,
                value: record.value,
                headers: record.headers
            )
        )
        let command = OperatorCommand(
            head: CommandHead(
                id: event.commandID,
                kind: OperatorCommand.replayWord,
                who: "operator",
                reason: order.replay.reason
            ),
            time: self.clockwork.wall,
            kind: .replay(order)
        )
        let written = CommandEncoder.record(command, topic: self.topics.names.commands)
        let offset = self.kafka.append(
            PartitionLog.Record(
                key: written.key,
                value: written.value,
                headers: written.headers,
                timestamp: self.clockwork.wall
            ),
            to: LogID(topic: self.topics.commands, partition: 0)
        )
        self.trace.note(.emitted, index)
        let read = ConsumedRecord(
            topicPartition: TopicPartition(written.topic, 0),
            offset: Offset(rawValue: offset),
            timestamp: self.clockwork.wall,
            key: written.key,
            value: written.value,
            headers: written.headers
        )
        let entry = self.intake.command(read, eventTopics: self.topics.names.events, now: self.clockwork.wall)
        self.ledger.expect(entry, of: event, at: self.clockwork.now)
    }

    private func record(of event: PlanEvent) -> PartitionLog.Record {
        let wall = Timestamp(millisecondsSinceEpoch: self.clockwork.wall.millisecondsSinceEpoch)
        guard event.kind != .unreadable else {
            return PartitionLog.Record(key: nil, value: Array("{\"runId\": ".utf8), headers: [], timestamp: wall)
        }
        let original = event.kind == .again ? self.plan.events.first { $0.id == event.of } ?? event : event
        let record = EventEncoder.record(self.event(original), topic: self.topics.names.events[event.topic])
        return PartitionLog.Record(key: record.key, value: record.value, headers: record.headers, timestamp: wall)
    }

    private func event(_ event: PlanEvent) -> RunFinishedEvent {
        let byName = self.plan.settings.namesByFacts && self.clockwork.dice.value("names", event.id) % 2 == 0
        let model = event.model
        let isKnownProject = event.kind != .unrouted
        let run = RunReference(
            projectID: isKnownProject ? WorldSettings.projectID : "p-2",
            experimentID: byName ? nil : WorldSettings.experimentID(model),
            experimentName: byName ? WorldSettings.experimentName(model) : nil,
            runID: WorldSettings.runID(model, event.run)
        )
        return RunFinishedEvent(
            source: "/training",
            id: "event-\(event.id)",
            time: nil,
            data: RunFinishedData(
                run: run,
                status: event.kind == .running ? "RUNNING" : "FINISHED",
                model: .init(description: event.kind == .large ? String(repeating: "x", count: 1_000) : nil)
            ),
            // It only serves as a place here.
            origin: Origin(topic: "", partition: 0, offset: 0)
        )
    }
}

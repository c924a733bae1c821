// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// What training jobs and operators send.
extension World {
    func emit(_ index: Int) {
        let event = self.plan.events[index]
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
        let replay: Replay? =
            switch event.kind {
            case .replay: Replay(id: "replay-\(event.id)", reason: "simulated")
            case .rollback: Replay(id: "replay-\(event.id)", reason: "simulated", allowsRollback: true)
            case .run, .again, .running, .large, .unreadable, .unrouted: nil
            }
        return RunFinishedEvent(
            source: "/training",
            id: "event-\(event.id)",
            time: nil,
            data: RunFinishedData(
                run: run,
                status: event.kind == .running ? "RUNNING" : "FINISHED",
                model: .init(description: event.kind == .large ? String(repeating: "x", count: 1_000) : nil)
            ),
            replay: replay,
            // It only serves as a place here.
            origin: Origin(topic: "", partition: 0, offset: 0)
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// A record that somebody writes to a journal partition, and that an operator takes away with a tombstone when the fault ends.
struct StrayRecord {
    let partition: Int
    private let key: [UInt8]
    private let headers: [RecordHeader]

    /// Makes the record of a fault: its `target` says which form it has, and which model it is about.
    init(_ fault: PlanFault, _ settings: PlanSettings) {
        let model = WorldSettings.modelName(fault.target / Self.forms % settings.models)
        let lane = Lane.Key(projectID: WorldSettings.projectID, modelName: model)
        let form = fault.target % Self.forms
        // Of a lane only a record in its own journal partition parks anything.
        self.partition = Int(Ownership.owner(of: model, count: settings.inboxPartitions).rawValue)
        // A rollout that nobody has: to give a real one up would lose it, as an operator is told.
        self.key =
            form == 0
            ? Array("stray-\(fault.id)".utf8) : Array(RolloutID(high: 0, low: UInt64(fault.id)).description.utf8)
        self.headers =
            switch form {
            case 0: []
            case 1: Self.headers(schema: JournalRecord.schema, lane: lane)
            case 2: Self.headers(schema: "newer", lane: lane)
            default: Self.headers(schema: JournalRecord.schema, lane: nil)
            }
    }

    /// A foreign key, an undecodable record of a lane, one of a newer format, one that names no lane.
    static let forms = 4

    private static func headers(schema: String, lane: Lane.Key?) -> [RecordHeader] {
        let fields = [
            RecordHeader(JournalRecord.HeaderName.schema, schema),
            RecordHeader(JournalRecord.HeaderName.kind, "rollout"),
            RecordHeader(JournalRecord.HeaderName.step, "build"),
        ]
        return fields + (lane.map { [RecordHeader(JournalRecord.HeaderName.lane, $0.journalText)] } ?? [])
    }

    /// The record as it stands in the log.
    func record(isTombstone: Bool, at time: Timestamp) -> PartitionLog.Record {
        PartitionLog.Record(
            key: self.key,
            value: isTombstone ? nil : Array("by mistake".utf8),
            headers: isTombstone ? [] : self.headers,
            timestamp: time
        )
    }
}

extension World {
    func append(_ stray: StrayRecord, isTombstone: Bool) {
        let log = LogID(topic: self.topics.journal, partition: stray.partition)
        self.kafka.append(stray.record(isTombstone: isTombstone, at: self.clockwork.wall), to: log)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Values

/// Which past events a replay is about; all conditions must hold.
struct ReplaySelection: Sendable, Equatable {
    /// The run's id.
    var run: String?
    /// The model's name: the event's own, else its partition key, else the record's key.
    var model: String?
    /// Records of this time or later.
    var since: TimePoint?
    /// Records before this time.
    var until: Timestamp?
    /// The one partition to be read.
    var partition: Partition?
    /// The first offset of that partition.
    var fromOffset: Offset?
    /// The last offset of that partition, itself included.
    var toOffset: Offset?
    /// What workers take of an event.
    var limits = EventLimits()

    /// What a record is for the selection.
    enum Verdict: Sendable, Equatable {
        /// It is not asked for.
        case other
        /// It is asked for.
        case wanted(RunFinishedEvent)
        /// It lies where was asked, and can't be understood.
        case unreadable(DeadLetterReason)
    }

    /// Judges one record.
    func verdict(_ record: ConsumedRecord) -> Verdict {
        guard self.covers(record) else { return .other }
        let event: RunFinishedEvent
        switch EventDecoder.decode(OriginalRecord(record), limits: self.limits) {
        case .success(let decoded): event = decoded
        case .failure(let reason):
            // What can't be read names no run, and no model but by its key.
            guard self.run == nil, self.model == nil || self.model == Self.text(record.key) else { return .other }
            return .unreadable(reason)
        }
        if let run = self.run, event.data.run.runID != run { return .other }
        if let model = self.model, Self.model(of: event, record) != model { return .other }
        return .wanted(event)
    }

    /// The model's name as far as the record says it.
    static func model(of event: RunFinishedEvent, _ record: ConsumedRecord) -> String? {
        event.data.model.name ?? event.partitionKey ?? self.text(record.key)
    }

    private static func text(_ key: [UInt8]?) -> String? { key.flatMap { String(validating: $0, as: UTF8.self) } }

    private func covers(_ record: ConsumedRecord) -> Bool {
        if let partition = self.partition, record.partition != partition { return false }
        if let from = self.fromOffset, record.offset < from { return false }
        if let to = self.toOffset, record.offset > to { return false }
        if case .at(let since)? = self.since, (record.timestamp ?? .earliest) < since { return false }
        if let until = self.until, (record.timestamp ?? .latest) >= until { return false }
        return true
    }
}

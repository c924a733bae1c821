// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Synchronization
import Telemetry
import Values

/// Records that don't fit their topic (rule 10).
extension Journal {
    /// Positions of the items of which a record is larger than its topic takes.
    func oversizedItems(of batch: JournalBatch) -> Set<Int> {
        var oversized: Set<Int> = []
        for (index, record) in batch.records.enumerated() where record.topic != self.settings.topics.dead {
            let isEvent = record.topic == self.settings.topics.events
            let limit = isEvent ? self.settings.maximumEventBytes : self.settings.maximumRecordBytes
            if record.maximumSizeBytes > limit { oversized.insert(batch.owners[index]) }
        }
        return oversized
    }

    /// Replaces what doesn't fit, and waits where it can't be made any shorter.
    func shorten(
        _ oversized: Set<Int>,
        in items: [JournalItem],
        _ course: inout Course,
        listener: any Listener
    ) async throws -> [JournalItem] {
        let short = oversized.filter { items[$0].isShort }
        if !short.isEmpty {
            // Its topic takes next to nothing: that is no record's fault, and a person has to mend it.
            course.failures += 1
            self.health.journalFailed("a topic takes no record of a few kilobytes: raise its max.message.bytes")
            self.logger.error("a topic takes no record of a few kilobytes", ["failures": .integer(course.failures)])
            try await self.pause(afterFailures: course.failures)
        }
        return await self.replace(oversized.subtracting(short), in: items, &course, listener: listener)
    }

    /// Takes the items out that don't fit; each ends with a name of its own, and the rest goes on.
    private func replace(
        _ oversized: Set<Int>,
        in items: [JournalItem],
        _ course: inout Course,
        listener: any Listener
    ) async -> [JournalItem] {
        var kept: [JournalItem] = []
        var abandoned: Set<RolloutID> = []
        for (index, item) in items.enumerated() {
            guard oversized.contains(index) else {
                kept.append(item)
                continue
            }
            if case .step(let record) = item.content {
                let limit = self.settings.maximumRecordBytes
                let cause = Cause(.recordTooLarge, "a record of this rollout is larger than \(limit) bytes")
                await listener.refused(record.ticket, cause)
                continue
            }
            kept.append(item.shortened())
            if case .accepted(let state) = item.content {
                await listener.abandoned(state.id)
                abandoned.insert(state.id)
            }
        }
        // What an ended rollout had written behind its first record would bring it back at the next restore.
        if !abandoned.isEmpty {
            course.abandoned.formUnion(abandoned)
            kept.removeAll { $0.isStep(of: abandoned) }
            self.pending.withLock { $0.items.removeAll { $0.isStep(of: abandoned) } }
        }
        return kept
    }
}

extension JournalItem {
    /// The same event with a name of its own instead of what doesn't fit; a step has no shorter form.
    fileprivate func shortened() -> JournalItem {
        var item = self
        switch self.content {
        case .accepted(var state):
            // Ends at once; without the event's own long texts its record fits.
            state.shorten()
            let cause = Cause(.recordTooLarge, "the event's journal record does not fit its topic")
            state.enter(.failed, at: Timestamp.now(), cause: cause)
            state.step = .finished
            item.content = .accepted(state)
        case .dead(let record, let reason, let time, _):
            // The topic takes less than its settings said: hash and length stand in place of everything.
            item.content = .dead(record, reason, at: time, maximumBytes: 0)
        case .forwarded(_, let record, let time, let maximumDeadBytes):
            // It came from the same topic, but that may have changed since, and the way here is told in its headers.
            let reason = DeadLetterReason(.notForwardable, "the events topic doesn't take it on its model's partition")
            item.content = .dead(record, reason, at: time, maximumBytes: maximumDeadBytes)
        case .step, .begun, .repeated, .forgotten: break
        }
        return item
    }
}

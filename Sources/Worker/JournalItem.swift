// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Values

/// Something for the journal writer, in the order in which it is to be written.
struct JournalItem: Sendable {
    /// What is written.
    enum Content: Sendable {
        /// An event was taken over: its rollout's first record and status.
        case accepted(RolloutState)
        /// An event can't be understood; the limit is what the dead-letter topic takes.
        case dead(ConsumedRecord, DeadLetterReason, at: Timestamp, maximumBytes: Int)
        /// An event belongs to another partition; the rest is for the dead letter of one that can't be written there.
        case forwarded(ProducerRecord, of: ConsumedRecord, at: Timestamp, maximumDeadBytes: Int)
        /// A partition was taken over: its position is committed, before anything else depends on it.
        ///
        /// For the first time its journal notes the position, too: offsets of a group that rests long enough are deleted.
        case begun(isFirst: Bool)
        /// An event repeats a known rollout: only its offset is committed.
        case repeated
        /// Ended rollouts are older than the horizon: a tombstone for each.
        case forgotten(Coordinator.Forgetting)
        /// A step of a rollout.
        case step(Coordinator.Record)
    }

    /// Partition of the journal, and of the events topic.
    var partition: Partition
    /// Epoch in which it was decided; of another one it means nothing.
    var epoch: UInt64
    /// What is written.
    var content: Content
    /// The offset after the event, for what comes from intake.
    var next: Offset?

    /// Whether it is a step that announces a creating call; `nil` for what is no step.
    var hasIntent: Bool? {
        guard case .step(let record) = self.content else { return nil }
        return record.rollout.intent != nil
    }

    /// Whether its records are as short as they can be made.
    var isShort: Bool {
        switch self.content {
        case .accepted(let state): state.cause?.class == .recordTooLarge
        case .dead(_, _, _, let maximumBytes): maximumBytes == 0
        case .begun, .repeated, .forgotten: true
        // A step that doesn't fit is given back, a forwarded event becomes a dead letter.
        case .step, .forwarded: false
        }
    }

    /// Whether it passes an event on, which brokers may refuse for what somebody else has put into it.
    var isForwarded: Bool {
        if case .forwarded = self.content { true } else { false }
    }

    /// Whether it is a step of one of these rollouts.
    func isStep(of rollouts: Set<RolloutID>) -> Bool {
        guard case .step(let record) = self.content else { return false }
        return rollouts.contains(record.rollout.id)
    }
}

extension [JournalItem] {
    /// Whether records were refused for what they are: too large, or passed on with something that the topic doesn't take.
    func areToBlame(for failed: [Int: KafkaError]) -> Bool {
        let hasForwarded = self.contains(where: \.isForwarded)
        return !failed.isEmpty && failed.values.allSatisfy { $0.isTooLarge || hasForwarded && $0.isInvalidRecord }
    }

    /// Tells which boundaries its steps are at: that of an intent, that of an outcome, or both.
    func reach(_ intent: Checkpoint, _ outcome: Checkpoint, _ tell: (Checkpoint) -> Void) {
        if self.contains(where: { $0.hasIntent == true }) { tell(intent) }
        if self.contains(where: { $0.hasIntent == false }) { tell(outcome) }
    }
}

// SPDX-License-Identifier: Apache-2.0

package import Values

/// One record that was read, and what it means by itself: decided without memory, API or lease.
package struct IntakeEntry: Sendable {
    /// What a record means; a rollout in a box, since an entry changes hands some times.
    package enum Decision: Sendable {
        /// It can't be understood.
        case dead(DeadLetterReason)
        /// An event: its rollout as it begins, or as it ends at once. `state.partition` is the owner.
        indirect case rollout(RolloutState)
        /// A rollout that moves here from another partition, whole.
        case moved(RolloutState)
        /// What another worker says of its room.
        case room(RoomNotice)
        /// Nothing: it is passed over.
        case barrier
    }

    /// What it means.
    package var decision: Decision
    /// The record, as it stood in its own topic.
    package var event: OriginalRecord
    /// The offset after it, where it was read.
    package var next: Offset
    /// Whether it says, on an event topic, what only workers and operators may say; nothing comes of that.
    package var claimsAuthority = false

    /// Creates an entry.
    package init(_ decision: Decision, _ event: OriginalRecord, next: Offset) {
        self.decision = decision
        self.event = event
        self.next = next
    }
}

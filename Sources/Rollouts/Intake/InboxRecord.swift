// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Values

/// What a record of the inbox says: workers alone write there.
package enum InboxRecord: Sendable {
    /// An event that was passed on to its owner, as it stood in its own topic.
    case event(OriginalRecord)
    /// A rollout that moves to its owner.
    case moved(RolloutState)
    /// Another worker says for whom its partitions have no room.
    case room(RoomNotice)
    /// It means nothing.
    case barrier
    /// Something else; one line says what is wrong with it.
    case unreadable(String)

    /// Reads a record.
    package init(_ record: ConsumedRecord) {
        if Barrier.isOne(record) {
            self = .barrier
            return
        }
        if record.headers.contains(where: { $0.name == Forwarding.HeaderName.moved }) {
            self = Self.moved(record)
            return
        }
        if record.headers.contains(where: { $0.name == Forwarding.HeaderName.room }) {
            self = Self.room(record)
            return
        }
        guard let event = Forwarding.original(record) else {
            self = .unreadable("the inbox has a record that no worker wrote: no \(Forwarding.HeaderName.originTopic)")
            return
        }
        self = .event(event)
    }

    private static func room(_ record: ConsumedRecord) -> InboxRecord {
        guard let value = record.value else { return .unreadable("a notice of room has no value") }
        do {
            return .room(try JSONDecoder().decode(RoomNotice.self, from: Data(value)))
        } catch {
            return .unreadable("a notice of room can't be read: \(error)")
        }
    }

    private static func moved(_ record: ConsumedRecord) -> InboxRecord {
        guard let value = record.value else { return .unreadable("a rollout that moves has no state") }
        do {
            let state = try JSONDecoder().decode(RolloutState.self, from: Data(value))
            if let impossibility = state.impossibility {
                return .unreadable("the state of a rollout that moves says what can't be: \(impossibility)")
            }
            return .moved(state)
        } catch {
            return .unreadable("the state of a rollout that moves can't be read: \(error)")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

package import Values

/// Why a port could not do what it was asked for, in words that need no Kafka.
package struct PortFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// What the machine has to know of it.
    package enum Kind: Sendable, Equatable {
        /// Brokers can't be reached or are busy: the same order may succeed later.
        case outage
        /// A right is missing; the topic, where the broker names one.
        case denied(topic: String?)
        /// The login is refused.
        case authentication
        /// The journal holds something that this version can't read.
        case unreadable
        /// A record is larger than its topic takes.
        case tooLarge
        /// A record is one that its topic refuses for what it is.
        case invalidRecord
        /// A record's time is one that its topic refuses: somebody else's time, or this worker's clock.
        case invalidTime
        /// The port was closed: the worker is stopping.
        case closed
        /// The client is of no use any more.
        case fatal
    }

    /// What the machine has to know of it.
    package var kind: Kind
    /// One line for an operator.
    package var message: String

    /// Creates a failure.
    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    package var description: String { self.message }
}

/// Where a partition stands in the group's books and, where they have nothing of it, in the log.
package enum Location: Sendable, Equatable {
    /// The group has committed an offset; nothing else is asked for then.
    case committed(Offset)
    /// It has not: the oldest and one past the newest record, and the first offset as new as the time that was asked for;
    /// `nil` where none is, or no time was asked for.
    case uncommitted(ends: Watermarks, atTime: Offset?)

    /// Creates a location.
    package init(committed: Offset?, ends: Watermarks, atTime: Offset? = nil) {
        self = committed.map { .committed($0) } ?? .uncommitted(ends: ends, atTime: atTime)
    }

    /// The group's committed offset; `nil` where there is none.
    package var committed: Offset? {
        if case .committed(let offset) = self { offset } else { nil }
    }

    /// The next offset to accept of a partition that is read from its beginning where the group has nothing of it.
    package var nextOrOldest: Offset {
        switch self {
        case .committed(let offset): offset
        case .uncommitted(let ends, _): ends.low
        }
    }
}

/// All that taking a partition of the inbox over needs to know.
package struct RestoreFacts: Sendable {
    /// What its journal partition says.
    package var restored: Coordinator.Restored
    /// The journal partition's start record; `nil` where there is none.
    package var start: StartRecord?
    /// Up to where the partition has done what stands in the commands topic; `nil` where it has done nothing yet.
    package var commands: CommandsPosition?
    /// The commands that it has done, until the horizon.
    package var doneCommands: DoneCommands
    /// Records that the journal partition holds.
    package var recordCount: Int
    /// Where the inbox partition stands.
    package var location: Location

    /// Creates facts.
    package init(
        restored: Coordinator.Restored,
        start: StartRecord?,
        commands: CommandsPosition? = nil,
        doneCommands: DoneCommands = DoneCommands(),
        recordCount: Int,
        location: Location
    ) {
        self.restored = restored
        self.start = start
        self.commands = commands
        self.doneCommands = doneCommands
        self.recordCount = recordCount
        self.location = location
    }
}

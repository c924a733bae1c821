// SPDX-License-Identifier: Apache-2.0

import Digest
import JSON
package import Values

/// Names a command in the journal and in memory: 128 bits of a hash of its id, so that ids of any length take the same room.
package struct CommandName: Hashable, Sendable, Comparable, CustomStringConvertible {
    private let number: RolloutID

    /// The name of the command with that id.
    package init(ofID id: String) {
        var hash = SHA256()
        hash.updateField("slipway command id 1")
        hash.updateField(id)
        let (high, low) = hash.finish().prefix128
        self.number = RolloutID(high: high, low: low)
    }

    /// Reads 32 lower-case hexadecimal digits in ASCII; `nil` for anything else.
    init?(digits: UnsafeRawBufferPointer) {
        guard let number = RolloutID(digits: digits) else { return nil }
        self.number = number
    }

    /// 32 lower-case hexadecimal digits.
    package var description: String { self.number.description }

    package static func < (left: CommandName, right: CommandName) -> Bool { left.number < right.number }
}

/// What a command that was done has asked for, as far as another one of the same id is held against it.
///
/// Who asked and why may differ: they change nothing of what is done.
package struct DoneCommand: Sendable, Equatable {
    /// What it asked for: the rollout that it began, which stands for the event and the replay, and whether it may go back.
    package struct Wish: Sendable, Equatable {
        /// The rollout.
        package var rollout: RolloutID
        /// Whether a run older than the live one may be displaced.
        package var allowsRollback: Bool

        /// What the command asks for by which a rollout begins so.
        package init(_ state: RolloutState) {
            self.rollout = state.id
            self.allowsRollback = state.isRollback
        }

        fileprivate init(rollout: RolloutID, allowsRollback: Bool) {
            self.rollout = rollout
            self.allowsRollback = allowsRollback
        }
    }

    /// What it asked for; `nil` where its journal record can't be read.
    package var wish: Wish?
    /// When it was done.
    package var at: Timestamp

    /// Creates one.
    package init(_ wish: Wish?, at time: Timestamp) {
        self.wish = wish
        self.at = time
    }

    /// Reads a journal record's value; `nil` for anything but what `write` writes.
    init?(_ value: JSONValue) {
        guard let rollout = value["rollout"]?.text.flatMap({ RolloutID($0) }),
            case .bool(let allowsRollback)? = value["allowsRollback"],
            let at = value["doneAt"]?.wholeNumber
        else { return nil }
        self.init(
            Wish(rollout: rollout, allowsRollback: allowsRollback),
            at: Timestamp(millisecondsSinceEpoch: at)
        )
    }

    /// Writes a journal record's members.
    ///
    /// - Parameters:
    ///   - writer: Takes them.
    ///   - id: The command's id, for people.
    func write(to writer: inout JSONWriter, id: String) {
        writer.field("id", id)
        writer.field("rollout", self.wish?.rollout.description)
        writer.field("allowsRollback", self.wish?.allowsRollback)
        writer.field("doneAt", self.at.millisecondsSinceEpoch)
    }
}

/// The commands that one partition has done, until the horizon: what makes a second one of the same id known or refused.
///
/// About a hundred bytes each. A command that was refused, or was known already, has done nothing and is not among them: its id
/// is free for one that is right.
package struct DoneCommands: Sendable {
    private var commands: [CommandName: DoneCommand] = [:]

    /// Creates an empty memory.
    package init() {}

    /// Commands that are remembered.
    package var count: Int { self.commands.count }

    /// The command of that name; `nil` where none was done.
    package subscript(name: CommandName) -> DoneCommand? {
        get { self.commands[name] }
        set { self.commands[name] = newValue }
    }

    /// Forgets commands that were done before a time.
    ///
    /// - Parameters:
    ///   - time: The time.
    ///   - limit: The most.
    /// - Returns: Their names, in a fixed order; at most that many.
    package mutating func forget(before time: Timestamp, limit: Int) -> [CommandName] {
        let names = self.commands.lazy.filter { $0.value.at < time }.map(\.key).sorted().prefix(limit)
        for name in names { self.commands[name] = nil }
        return Array(names)
    }
}

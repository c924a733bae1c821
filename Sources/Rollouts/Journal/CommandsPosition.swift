// SPDX-License-Identifier: Apache-2.0

import JSON
package import Values

/// Up to where a journal partition has done what stands in the commands topic; a record of the partition's own.
package struct CommandsPosition: Sendable, Equatable {
    /// A command by which a topic is known again that has another one in its place once it was made anew.
    package enum Sign: Sendable, Equatable {
        /// A command: its id, and the record's time.
        case command(id: String, time: Timestamp?)
        /// What nobody could read, and a newer client or another attempt may: by that no topic is known.
        case unreadable

        /// Whether the same place of one topic may have shown both.
        package func mayBe(_ other: Sign) -> Bool {
            switch (self, other) {
            case (.unreadable, _), (_, .unreadable): true
            case (.command, .command): self == other
            }
        }
    }

    /// The next command.
    package var next: Offset
    /// What stands right before it; `nil` where nothing was read before.
    package var last: Sign?

    /// Creates a position.
    package init(next: Offset, last: Sign? = nil) {
        self.next = next
        self.last = last
    }

    /// The position behind a command.
    package init(behind entry: CommandEntry) {
        self.init(next: entry.offset.next, last: entry.sign)
    }

    /// What to tell where the topic is not the one in which positions stand.
    package static func madeAnew(_ found: String) -> String {
        "the commands topic was made anew or cut short, or it is another one: \(found); to take what stands there now, stop "
            + "the workers and run: slipway journal forget \(self.key) --apply"
    }

    /// The record's key in the journal.
    package static let key = "position:commands"

    /// Reads the record's value; `nil` for anything but what `write` writes.
    init?(_ value: JSONValue) {
        guard let next = value["next"]?.wholeNumber, next >= 0 else { return nil }
        self.init(next: Offset(rawValue: next))
        guard next > 0 else { return }
        if let id = value["lastId"]?.text {
            let time = value["lastTime"]?.wholeNumber.map { Timestamp(millisecondsSinceEpoch: $0) }
            self.last = .command(id: id, time: time)
        } else if value["lastUnreadable"]?.flag == true {
            self.last = .unreadable
        }
    }

    /// Writes the record's members.
    func write(to writer: inout JSONWriter) {
        writer.field("next", self.next.rawValue)
        switch self.last {
        case .command(let id, let time):
            writer.field("lastId", id)
            writer.field("lastTime", time?.millisecondsSinceEpoch)
        case .unreadable: writer.field("lastUnreadable", true)
        case nil: break
        }
    }
}

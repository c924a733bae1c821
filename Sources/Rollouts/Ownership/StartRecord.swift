// SPDX-License-Identifier: Apache-2.0

package import JSON
package import Values

/// From where the events of a topic count that has no committed offset yet.
package enum TopicStart: Sendable, Equatable {
    /// From the oldest event kept.
    case beginning
    /// From the first event as new as a time: that of the topic's first start, or one that an operator chose.
    case time(Timestamp)
}

/// What a journal partition says of the world it belongs to; written before anything else of it.
///
/// A worker of another group, workbench or partition count must not go on with it: two groups would do everything twice,
/// and another count would give models other owners.
package struct StartRecord: Sendable, Equatable {
    /// Partitions of inbox and journal.
    package var partitionCount: Int
    /// The consumer group.
    package var group: String
    /// The workbench's address, as identities hash it.
    package var workbench: String
    /// Event topics and from where they count; only in journal partition 0.
    package var topics: [String: TopicStart]
    /// From when on commands count for a partition that has no position in their topic; `nil` where all do.
    package var commandsSince: Timestamp?

    /// Creates a record.
    package init(
        partitionCount: Int,
        group: String,
        workbench: String,
        topics: [String: TopicStart] = [:],
        commandsSince: Timestamp? = nil
    ) {
        self.partitionCount = partitionCount
        self.group = group
        self.workbench = workbench
        self.topics = topics
        self.commandsSince = commandsSince
    }

    /// How much older a command may be than a partition's beginning: clocks differ, and somebody may ask before workers start.
    package static let commandsLeeway = Duration.seconds(3_600)

    /// The record's key in the journal.
    package static let key = "start"

    /// Reads the record's value; `nil` for anything but what `write` writes.
    package init?(_ value: JSONValue) {
        guard let count = value["partitions"]?.wholeNumber, (1...1_000_000).contains(count),
            let group = value["group"]?.text, let workbench = value["workbench"]?.text
        else { return nil }
        self.init(partitionCount: Int(count), group: group, workbench: workbench)
        if let since = value["commandsSince"]?.wholeNumber {
            self.commandsSince = Timestamp(millisecondsSinceEpoch: since)
        }
        guard case .object(let members)? = value["topics"] else { return }
        for member in members {
            switch member.value {
            case .string("beginning"): self.topics[member.name] = .beginning
            case let time:
                guard let milliseconds = time.wholeNumber else { return nil }
                self.topics[member.name] = .time(Timestamp(millisecondsSinceEpoch: milliseconds))
            }
        }
    }

    /// Writes the record's members.
    package func write(to writer: inout JSONWriter) {
        writer.field("partitions", Int64(self.partitionCount))
        writer.field("group", self.group)
        writer.field("workbench", self.workbench)
        writer.field("commandsSince", self.commandsSince?.millisecondsSinceEpoch)
        guard !self.topics.isEmpty else { return }
        writer.object("topics") { writer in
            for (name, start) in self.topics.sorted(by: { $0.key < $1.key }) {
                writer.name(named: name)
                switch start {
                case .beginning: writer.string("beginning")
                case .time(let time): writer.integer(time.millisecondsSinceEpoch)
                }
            }
        }
    }

    /// Why a worker of `world` must not go on with this journal; `nil` where it may.
    ///
    /// - Parameters:
    ///   - world: What the worker's own settings and topics say.
    ///   - partition: The journal partition that says this.
    /// - Returns: One line that names both sides and what to do.
    package func contradiction(to world: StartRecord, partition: Partition) -> String? {
        let place = "journal partition \(partition.rawValue)"
        if self.partitionCount != world.partitionCount {
            return
                "\(place) was begun with \(self.partitionCount) partitions, and the inbox has \(world.partitionCount): "
                + "their number is chosen once, because it decides which partition owns a model; give inbox and journal "
                + "\(self.partitionCount) partitions"
        }
        if self.group != world.group {
            return
                "\(place) belongs to consumer group '\(self.group)', and this worker is of '\(world.group)': two groups "
                + "on one journal would deploy everything twice; set kafka.group.id to '\(self.group)', or give this group "
                + "topics of its own"
        }
        if self.workbench != world.workbench {
            return "\(place) belongs to workbench '\(self.workbench)', and this worker to '\(world.workbench)': set "
                + "workbench.url to what it was, or give this workbench topics of its own"
        }
        return nil
    }
}

// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// What the modelled clients of one process share.
struct ClientContext {
    let process: Int
    let clockwork: Clockwork
    let kafka: ModelledKafka
    /// The consumer group's number.
    let group: Int
    /// Its name.
    let groupName: String
    let mailbox: Mailbox
    let topics: TopicNumbers
    let clock: ProcessClock

    /// The process' own wall clock.
    var wall: Timestamp { self.clock.wall(at: self.clockwork.now) }

    /// A latency by key.
    func latency(_ microseconds: ClosedRange<Int64>, _ purpose: String, _ number: Int) -> Span {
        Span.drawn(self.clockwork.dice, microseconds, purpose, self.process, number)
    }
}

/// The wall clock of one process, which may be wrong; shared by all that runs in it.
final class ProcessClock {
    private let clockwork: Clockwork
    /// How far it goes ahead.
    var offset = Span.zero

    init(clockwork: Clockwork) { self.clockwork = clockwork }

    func wall(at time: MonotonicTime) -> Timestamp {
        let wall = self.clockwork.wall(at: time + self.offset)
        return Timestamp(millisecondsSinceEpoch: wall.millisecondsSinceEpoch)
    }
}

/// Which topics of the modelled Kafka are which.
struct TopicNumbers {
    var events: [Int]
    var inbox: Int
    var journal: Int
    var commands: Int
    var status: Int
    var dead: Int
    /// Their names, as the shipped encoder writes them.
    var names: TopicNames

    func log(of partition: ReadPartition) -> LogID {
        switch partition.topic {
        case .inbox: LogID(topic: self.inbox, partition: Int(partition.partition.rawValue))
        case .events(let index): LogID(topic: self.events[index], partition: Int(partition.partition.rawValue))
        }
    }

    func readPartition(of log: LogID) -> ReadPartition {
        let partition = Partition(rawValue: Int32(log.partition))
        if log.topic == self.inbox { return .inbox(partition) }
        guard let index = self.events.firstIndex(of: log.topic) else {
            preconditionFailure("a group is given partitions of a topic that nobody reads")
        }
        return ReadPartition(.events(index), partition)
    }

    func topicPartition(of log: LogID) -> TopicPartition {
        let name = log.topic == self.inbox ? self.names.inbox : self.eventName(log.topic)
        return TopicPartition(topic: name, partition: Partition(rawValue: Int32(log.partition)))
    }

    private func eventName(_ topic: Int) -> String {
        self.events.firstIndex(of: topic).map { self.names.events[$0] } ?? ""
    }
}

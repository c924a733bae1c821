// SPDX-License-Identifier: Apache-2.0

/// One partition of one topic.
package struct TopicPartition: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The topic's name.
    package let topic: String
    /// The partition within the topic.
    package let partition: Partition

    /// Names a partition.
    package init(topic: String, partition: Partition) {
        self.topic = topic
        self.partition = partition
    }

    /// Names a partition.
    package init(_ topic: String, _ partition: Partition) {
        self.init(topic: topic, partition: partition)
    }

    /// Names every partition of a topic of that many.
    package static func all(of topic: String, count: Int) -> [TopicPartition] {
        (0..<Int32(count)).map { TopicPartition(topic, Partition(rawValue: $0)) }
    }

    package var description: String { "\(self.topic)[\(self.partition)]" }

    package static func < (left: Self, right: Self) -> Bool {
        (left.topic, left.partition) < (right.topic, right.partition)
    }
}

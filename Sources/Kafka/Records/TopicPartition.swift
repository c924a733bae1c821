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

    /// Names a partition by its bare number.
    package init(_ topic: String, _ partition: Int32) {
        self.init(topic: topic, partition: Partition(rawValue: partition))
    }

    package var description: String { "\(self.topic)[\(self.partition)]" }

    package static func < (left: Self, right: Self) -> Bool {
        (left.topic, left.partition) < (right.topic, right.partition)
    }
}

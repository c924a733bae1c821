// SPDX-License-Identifier: Apache-2.0

/// A topic as the brokers describe it.
package struct Topic: Hashable, Sendable {
    /// The topic's name.
    package let name: String
    /// How many partitions it has.
    package let partitionCount: Int
    /// Copies of each partition, the leader's included; of the partition that has the fewest.
    package let replicationFactor: Int
    /// Whether each partition has a leader, so that it can be written and read.
    package let hasLeaders: Bool

    /// Creates a description.
    package init(name: String, partitionCount: Int, replicationFactor: Int, hasLeaders: Bool = true) {
        self.name = name
        self.partitionCount = partitionCount
        self.replicationFactor = replicationFactor
        self.hasLeaders = hasLeaders
    }
}

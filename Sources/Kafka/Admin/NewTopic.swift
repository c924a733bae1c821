// SPDX-License-Identifier: Apache-2.0

/// A topic to be created.
package struct NewTopic: Hashable, Sendable {
    /// The topic's name.
    package var name: String
    /// How many partitions; `nil` leaves it to the brokers.
    package var partitionCount: Int?
    /// Copies of each partition; `nil` leaves it to the brokers.
    package var replicationFactor: Int?
    /// Topic settings such as `cleanup.policy`.
    package var settings: [String: String]

    /// Describes a topic.
    package init(
        name: String,
        partitionCount: Int? = nil,
        replicationFactor: Int? = nil,
        settings: [String: String] = [:]
    ) {
        self.name = name
        self.partitionCount = partitionCount
        self.replicationFactor = replicationFactor
        self.settings = settings
    }
}

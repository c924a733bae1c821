// SPDX-License-Identifier: Apache-2.0

package import Values

/// A consumer group as its coordinator describes it.
package struct ConsumerGroup: Hashable, Sendable {
    /// One member of a group.
    package struct Member: Hashable, Sendable {
        /// The id that the coordinator gave it.
        package let memberID: String
        /// The `client.id` of its client.
        package let clientID: String
        /// Where it connects from.
        package let host: String
        /// The `group.instance.id` of a static member.
        package let groupInstanceID: String?
        /// The partitions assigned to it.
        package let assignment: [TopicPartition]
    }

    /// The group's id.
    package let groupID: String
    /// The coordinator's word for its state: "Stable", "PreparingRebalance", "CompletingRebalance", "Empty", "Dead".
    package let state: String
    /// The node that coordinates it; `nil` where the answer names none.
    package let coordinator: Int?
    /// Its members.
    package let members: [Member]
}

// SPDX-License-Identifier: Apache-2.0

/// What proves to the brokers that a transaction comes from a current member of its consumer group.
///
/// Captured in the rebalance callback after the assignment changed; stale after the next rebalance. There is none
/// without a generation and a member id, because brokers accept such a one unchecked.
package struct GroupMembership: Hashable, Sendable {
    /// The consumer group.
    package let groupID: String
    /// The group's generation when this was captured; 0 or more.
    package let generation: Int32
    /// The member's id; never empty.
    package let memberID: String
    /// The `group.instance.id` of a static member.
    package let groupInstanceID: String?

    /// Creates a membership, or `nil` when it would not fence anything.
    ///
    /// - Parameters:
    ///   - groupID: The consumer group; not empty.
    ///   - generation: 0 or more.
    ///   - memberID: Not empty.
    ///   - groupInstanceID: The `group.instance.id` of a static member.
    package init?(groupID: String, generation: Int32, memberID: String, groupInstanceID: String? = nil) {
        guard !groupID.isEmpty, generation >= 0, !memberID.isEmpty else { return nil }
        self.groupID = groupID
        self.generation = generation
        self.memberID = memberID
        self.groupInstanceID = groupInstanceID
    }
}

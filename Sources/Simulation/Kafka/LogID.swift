// SPDX-License-Identifier: Apache-2.0

/// Names a partition of the modelled Kafka by two small numbers, because every step of a simulation carries one.
package struct LogID: Hashable, Sendable, Comparable {
    /// The topic, by the order in which topics were made.
    package let topic: Int
    /// Its partition.
    package let partition: Int

    /// Names a partition.
    package init(topic: Int, partition: Int) {
        self.topic = topic
        self.partition = partition
    }

    package static func < (left: LogID, right: LogID) -> Bool {
        (left.topic, left.partition) < (right.topic, right.partition)
    }
}

/// Why a modelled broker refuses a request, in Kafka's own words.
package enum BrokerRefusal: Error, Sendable, Equatable {
    /// `UNKNOWN_MEMBER_ID`: the group knows no such member.
    case unknownMember
    /// `ILLEGAL_GENERATION`: the group has moved on.
    case illegalGeneration
    /// `INVALID_PRODUCER_EPOCH`: another producer of the same transactional id has taken over, or the transaction timed out.
    case fenced
    /// `NOT_LEADER_OR_FOLLOWER`: the partition has no leader for now.
    case noLeader
    /// `MESSAGE_TOO_LARGE`: the topic doesn't take the record; its place in the batch.
    case tooLarge(record: Int)
    /// `TOPIC_AUTHORIZATION_FAILED`.
    case denied(topic: String)
    /// `INVALID_TXN_STATE`: there is no transaction that could be ended so.
    case noTransaction
    /// `UNSTABLE_OFFSET_COMMIT`: a transaction that commits the offset is still open.
    case unstableOffset
}

// SPDX-License-Identifier: Apache-2.0

package import Values

/// An operator's wish to run a past event again.
package struct Replay: Codable, Sendable, Equatable {
    /// Names the replay; the same id given twice does nothing twice.
    package var id: String
    /// Why, in the operator's words.
    package var reason: String
    /// Whether a run older than the live one may displace it.
    package var allowsRollback: Bool

    /// Creates a replay.
    package init(id: String, reason: String, allowsRollback: Bool = false) {
        self.id = id
        self.reason = reason
        self.allowsRollback = allowsRollback
    }
}

/// Where an event stood first; a forwarded event keeps it.
package struct Origin: Codable, Sendable, Hashable {
    /// Topic.
    package var topic: String
    /// Partition.
    package var partition: Partition
    /// Offset.
    package var offset: Offset

    /// Creates an origin.
    package init(topic: String, partition: Partition, offset: Offset) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
    }

    /// Where a record stands.
    package init(_ record: ConsumedRecord) {
        self.init(topic: record.topic, partition: record.partition, offset: record.offset)
    }
}

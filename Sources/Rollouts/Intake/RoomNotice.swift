// SPDX-License-Identifier: Apache-2.0

import JSON
package import Values

/// What the owner of inbox partitions says to all others: for whom these have no room.
///
/// Others pass events on into them, and can't see how much is under way there. So an owner writes such a notice into the
/// inbox partitions of others, and whoever reads it there keeps back what has no room.
package struct RoomNotice: Codable, Sendable, Equatable {
    /// The owner's inbox partitions, those included that are parked.
    package var partitions: [Int32]
    /// Event topics that have their share there.
    package var topics: [String]
    /// Routes that have their quota there.
    package var routes: [String]
    /// Those of the partitions of which nothing is read, since a journal record of theirs can't be: they tell no more than that.
    package var parked: [Int32]

    /// Creates a notice.
    package init(partitions: [Int32], topics: [String], routes: [String], parked: [Int32] = []) {
        self.partitions = partitions
        self.topics = topics
        self.routes = routes
        self.parked = parked
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.partitions = try values.decode([Int32].self, forKey: .partitions)
        self.topics = try values.decode([String].self, forKey: .topics)
        self.routes = try values.decode([String].self, forKey: .routes)
        // A worker of an earlier build says nothing of it.
        self.parked = try values.decodeIfPresent([Int32].self, forKey: .parked) ?? []
    }

    /// Whether there is nothing to remember: room for everybody, and every partition is read.
    package var isAllClear: Bool { self.topics.isEmpty && self.routes.isEmpty && self.parked.isEmpty }
}

extension Forwarding {
    /// Returns the inbox record of a notice.
    ///
    /// - Parameters:
    ///   - notice: The notice.
    ///   - partition: The inbox partition of somebody else.
    ///   - inbox: Name of the inbox.
    /// - Returns: The record to be written.
    package static func record(_ notice: RoomNotice, to partition: Partition, inbox: String) -> ProducerRecord {
        let value = JSONWriter.object { writer in
            writer.array("partitions") { list in for partition in notice.partitions { list.integer(Int64(partition)) } }
            writer.array("topics") { list in for topic in notice.topics { list.string(topic) } }
            writer.array("routes") { list in for route in notice.routes { list.string(route) } }
            if !notice.parked.isEmpty {
                writer.array("parked") { list in for partition in notice.parked { list.integer(Int64(partition)) } }
            }
        }
        return ProducerRecord(
            topic: inbox,
            partition: partition,
            key: nil,
            value: value,
            headers: [RecordHeader(HeaderName.room, "1")]
        )
    }
}

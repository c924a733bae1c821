// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Testing
import Values

extension PartitionOwnership {
    /// Ownership of partitions that are held, each at an offset.
    static func holding(_ positions: [ReadPartition: Offset]) -> PartitionOwnership {
        let world = StartRecord(partitionCount: 8, group: "g", workbench: "w", topics: ["events": .beginning])
        var ownership = PartitionOwnership(
            Settings(world: world, eventTopics: ["events"], startFrom: .beginning, horizon: nil)
        )
        guard let membership = GroupMembership(groupID: "g", generation: 1, memberID: "m") else {
            preconditionFailure("a good membership")
        }
        ownership.joined(membership)
        let now = Now(monotonic: .zero, wall: .epoch)
        for order in ownership.assigned(positions.keys.sorted(), now: now.monotonic) {
            switch order {
            case .restore(let lease):
                let location = Location.committed(positions[lease.subject] ?? 0)
                let facts = RestoreFacts(restored: .init(), start: world, recordCount: 1, location: location)
                _ = ownership.restored(lease, .success(facts), now: now)
            case .locate(let lease, _):
                _ = ownership.located(lease, .success(.committed(positions[lease.subject] ?? 0)), now: now)
            case .readTopicStarts: Issue.record("nobody waits for a first start")
            }
        }
        return ownership
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Shares partitions out as `cooperative-sticky` does: even, with as few moves as that takes, and none in one step.
enum StickyAssignor {
    /// Shares out.
    ///
    /// - Parameters:
    ///   - logs: All partitions, in order.
    ///   - owned: What each member holds.
    /// - Returns: What each member gets. A partition that changes hands is in nobody's share until its holder has given it up.
    static func assign(_ logs: [LogID], owned: [[LogID]]) -> [[LogID]] {
        let count = owned.count
        guard count > 0 else { return [] }
        let (least, remainder) = logs.count.quotientAndRemainder(dividingBy: count)
        var taken: Set<LogID> = []
        var shares = Array(repeating: [LogID](), count: count)
        // Those that hold most keep one more, as far as one more is to be had.
        let order = owned.indices.sorted { (-owned[$0].count, $0) < (-owned[$1].count, $1) }
        var larger = remainder
        for member in order {
            let held = owned[member].filter { logs.contains($0) && !taken.contains($0) }.sorted()
            let most = held.count > least && larger > 0 ? least + 1 : least
            if most > least { larger -= 1 }
            shares[member] = Array(held.prefix(most))
            taken.formUnion(shares[member])
        }
        let inTransit = Set(owned.joined())
        for log in logs where !taken.contains(log) {
            // The one with the fewest; of several the first.
            guard let member = shares.indices.min(by: { (shares[$0].count, $0) < (shares[$1].count, $1) }) else {
                continue
            }
            shares[member].append(log)
        }
        return shares.enumerated().map { member, share in
            let own = Set(owned[member])
            return share.filter { own.contains($0) || !inTransit.contains($0) }.sorted()
        }
    }
}

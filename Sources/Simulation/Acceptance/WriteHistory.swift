// SPDX-License-Identifier: Apache-2.0

/// What all transactions of a trace have written to one place, such as one rollout's record or one committed offset.
///
/// A transaction of unknown outcome, or one whose process ended before it heard, may or may not stand.
struct WriteHistory<Value: Hashable> {
    private struct Write {
        var value: Value
        /// When it was ordered: it does not stand before.
        var ordered: Int64
        /// When it was known to stand; `nil` where nobody ever knew.
        var stood: Int64?
    }

    private var writes: [Write] = []

    /// Adds a transaction that stands, or may; in the order of the orders.
    mutating func add(_ value: Value, ordered: Int64, stood: Int64?) {
        self.writes.append(Write(value: value, ordered: ordered, stood: stood))
    }

    /// What a look can see that began and ended then.
    ///
    /// The newest write that stood when the look began hides all that were ordered before it: only one process at a time can
    /// write a place, so those stood before, or never.
    ///
    /// - Parameters:
    ///   - began: When the look began.
    ///   - ended: When it was told.
    ///   - nothing: What there is before the first write.
    /// - Returns: The values.
    func visible(_ began: Int64, _ ended: Int64, nothing: Value) -> Set<Value> {
        let newest = self.writes.lastIndex { $0.stood.map { $0 < began } ?? false }
        var values: Set<Value> = [newest.map { self.writes[$0].value } ?? nothing]
        for write in self.writes[(newest.map { $0 + 1 } ?? 0)...] where write.ordered < ended {
            values.insert(write.value)
        }
        return values
    }
}

/// What a trace as a whole says, gathered before its lines are judged one by one.
struct TraceHistory {
    /// A transaction.
    private struct Commit {
        var ordered: Int64
        var writes: PortTrace.Writes
        var outcome: PortTrace.Outcome?
        var ended: Int64?
    }

    private struct CommitName: Hashable {
        var process: String
        var number: UInt64
    }

    /// Committed offsets, by partition.
    private(set) var offsets: [String: WriteHistory<Int64?>] = [:]
    /// Where rollouts stand, by inbox partition and id; empty for those that are over.
    private(set) var rollouts: [String: [String: WriteHistory<String>]] = [:]
    /// Offsets after the records that somebody has read, in order, by partition.
    private(set) var records: [String: [Int64]] = [:]
    /// The newest generation that anybody was told of, and since when, in order.
    private var generations: [(at: Int64, generation: Int32)] = []

    init(_ trace: PortTrace) {
        var (names, commits): ([CommitName: Int], [Commit]) = ([:], [])
        var records: [String: Set<Int64>] = [:]
        for line in trace.lines {
            switch line.event {
            case .commit(let number, let writes):
                names[CommitName(process: line.process, number: number)] = commits.count
                commits.append(Commit(ordered: line.at, writes: writes))
            case .ended(let number, let outcome):
                guard let index = names[CommitName(process: line.process, number: number)] else { continue }
                (commits[index].outcome, commits[index].ended) = (outcome, line.at)
            case .assigned(_, let membership), .membershipChanged(let membership): self.note(membership, line.at)
            case .records(let lease, let nexts): records[lease.partition, default: []].formUnion(nexts)
            default: break
            }
        }
        self.records = records.mapValues { $0.sorted() }
        for commit in commits where commit.outcome?.mayStand ?? true { self.add(commit) }
    }

    private mutating func note(_ membership: PortTrace.Membership, _ at: Int64) {
        guard membership.generation > self.generations.last?.generation ?? -1 else { return }
        self.generations.append((at, membership.generation))
    }

    private mutating func add(_ commit: Commit) {
        let stood = commit.outcome == .committed ? commit.ended : nil
        for (partition, offset) in commit.writes.offsets {
            self.offsets[partition, default: WriteHistory()].add(offset, ordered: commit.ordered, stood: stood)
        }
        for (partition, rollouts) in commit.writes.rollouts {
            for (id, standing) in rollouts {
                self.rollouts[partition, default: [:]][id, default: WriteHistory()]
                    .add(standing, ordered: commit.ordered, stood: stood)
            }
        }
    }

    /// The newest generation that somebody was told of before a moment.
    func generation(before at: Int64) -> Int32 { self.generations.last { $0.at < at }?.generation ?? -1 }

    /// A record that was read by somebody, and lies between a position and the record that is told next.
    func skipped(in partition: String, from position: Int64, before next: Int64) -> Int64? {
        guard let known = self.records[partition] else { return nil }
        // The first known record behind the position; records are named by the offsets after them.
        var (low, high) = (0, known.count)
        while low < high {
            let middle = (low + high) / 2
            if known[middle] > position { high = middle } else { low = middle + 1 }
        }
        return low < known.count && known[low] < next ? known[low] - 1 : nil
    }
}

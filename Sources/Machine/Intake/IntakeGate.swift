// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// Records that were read and can't be accepted yet, by partition and in order.
///
/// Their partitions are paused, so that there are no more of them than were under way when the first one had to wait. Nothing
/// of them is committed: they count as lag, and whoever gets the partition reads them again. Records of the inbox are never
/// held back: behind one that has no room others wait that have.
struct IntakeGate: Sendable {
    private struct Waiting: Sendable {
        var entries: FIFO<IntakeEntry>
        /// Why the first of them waits.
        var hold: IntakeHold
    }

    private var waiting: [Lease: Waiting] = [:]
    /// The partition whose turn was last.
    private var served: ReadPartition?

    /// Whether records of a partition wait, so that what comes next waits behind them.
    func holds(_ lease: Lease) -> Bool { self.waiting[lease] != nil }

    /// What holds records back, each once.
    var holds: Set<IntakeHold> { Set(self.waiting.values.lazy.map(\.hold)) }

    /// Leases whose partitions are to stay paused.
    var leases: Set<Lease> { Set(self.waiting.keys) }

    /// Holds records back, the first of them for that reason.
    mutating func hold(_ entries: ArraySlice<IntakeEntry>, _ lease: Lease, _ hold: IntakeHold) {
        self.waiting[lease] = Waiting(entries: FIFO(), hold: hold)
        self.add(entries, lease)
    }

    /// Adds what was read behind records that wait.
    mutating func add(_ entries: ArraySlice<IntakeEntry>, _ lease: Lease) {
        for entry in entries { self.waiting[lease]?.entries.append(entry) }
    }

    /// Forgets records of leases that are over.
    mutating func drop(_ isOver: (Lease) -> Bool) {
        guard !self.waiting.isEmpty else { return }
        self.waiting = self.waiting.filter { !isOver($0.key) }
    }

    /// Leases whose records wait, in the order in which they have their turns.
    var turns: [Lease] {
        guard !self.waiting.isEmpty else { return [] }
        let inOrder = self.waiting.keys.sorted { $0.subject < $1.subject }
        let first = self.served.flatMap { served in inOrder.firstIndex { $0.subject > served } } ?? 0
        return Array(inOrder[first...] + inOrder[..<first])
    }

    /// The record of a lease that has waited longest.
    func first(of lease: Lease) -> IntakeEntry? { self.waiting[lease]?.entries.first }

    /// The record that has waited longest has to wait on, for that reason.
    mutating func goOnWaiting(_ lease: Lease, _ hold: IntakeHold) { self.waiting[lease]?.hold = hold }

    /// Lets the record go that has waited longest.
    mutating func take(_ lease: Lease) {
        _ = self.waiting[lease]?.entries.popFirst()
        if self.waiting[lease]?.entries.isEmpty == true { self.waiting[lease] = nil }
        self.served = lease.subject
    }
}

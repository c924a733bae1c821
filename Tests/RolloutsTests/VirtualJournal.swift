// SPDX-License-Identifier: Apache-2.0

import Values

@testable import Rollouts

/// The committed part of a journal and of the offsets, as a broker keeps it.
struct VirtualJournal: Sendable {
    /// One item of a transaction.
    struct Item: Sendable {
        var partition: Partition
        /// The rollout's state; `nil` for an event that repeats a known one.
        var state: RolloutState?
        var lane: LaneState?
        /// Whether a status event goes with it.
        var publishes: Bool
        /// The coordinator's ticket; `nil` for intake's own.
        var ticket: Coordinator.Ticket?
        /// The coordinator's record; `nil` for intake's own.
        var record: Coordinator.Record?
        /// Offset after the event that it accepts.
        var next: Int?
    }

    /// A committed record; it is written down as JSON when somebody reads it.
    struct Entry: Sendable {
        var state: RolloutState?
        var lane: LaneState?
        var publishes: Bool
        var began: MonotonicTime
    }

    private(set) var entries: [Partition: [Entry]] = [:]
    /// Next event to accept, by partition.
    private(set) var positions: [Partition: Int] = [:]
    /// Newest committed intent of each rollout.
    private(set) var newest: [RolloutID: Entry] = [:]
    /// Whether lanes are not written down: shows that the tests would see an older run displace a newer one.
    var losesLanes = false
    /// Whether intents are not written down: shows that the tests would see a call without one.
    var losesIntents = false
    private static let writer = JournalRecord.Writer(process: "test", generation: 1)

    /// Commits the items in order.
    mutating func commit(_ items: [Item], began: MonotonicTime) {
        for item in items {
            if var state = item.state {
                if self.losesIntents { state.intent = nil }
                let entry = Entry(state: state, publishes: item.publishes, began: began)
                self.entries[item.partition, default: []].append(entry)
                self.newest[state.id] = entry
            }
            if let lane = item.lane, !self.losesLanes {
                self.entries[item.partition, default: []].append(Entry(lane: lane, publishes: false, began: began))
            }
            if let next = item.next { self.positions[item.partition] = next }
        }
    }

    /// Reads a partition to its end.
    func restored(_ partition: Partition) throws -> Coordinator.Restored {
        var snapshot = JournalSnapshot()
        for entry in self.entries[partition] ?? [] {
            if let state = entry.state { JournalRecord(state, writer: Self.writer).add(to: &snapshot) }
            if let lane = entry.lane { JournalRecord(lane, writer: Self.writer).add(to: &snapshot) }
        }
        return snapshot.restored()
    }

    /// How many records a partition has.
    func count(_ partition: Partition) -> Int { self.entries[partition]?.count ?? 0 }

    /// The rollouts of one partition.
    func rollouts(_ partition: Partition) -> [RolloutState] {
        self.newest.values.compactMap(\.state).filter { $0.partition == partition }
    }

    /// The journal of one partition as it was after so many records, each rollout having come from one event.
    func prefix(_ records: Int, of partition: Partition) -> VirtualJournal {
        var journal = VirtualJournal()
        let all = self.entries[partition] ?? []
        // A lane's record is in one transaction with its rollout's, so nobody ever reads one without the other.
        let end = all[records...].firstIndex { $0.lane == nil } ?? all.count
        let kept = Array(all[..<end])
        journal.entries[partition] = kept
        for entry in kept { if let state = entry.state { journal.newest[state.id] = entry } }
        journal.positions[partition] = journal.newest.count
        return journal
    }

    /// What the journal says of each lane in the end.
    var lanes: [LaneState] {
        let all = self.entries.values.flatMap { $0.compactMap(\.lane) }
        return Array(Dictionary(all.map { ($0.key, $0) }) { $1 }.values)
    }

    /// All committed states of rollouts, by partition and then in order.
    var states: [Entry] {
        self.entries.sorted { $0.key < $1.key }.flatMap { $0.value.filter { $0.state != nil } }
    }

    /// Status events that end a rollout.
    var endings: [RolloutID: [RolloutState]] {
        var endings: [RolloutID: [RolloutState]] = [:]
        for entry in self.states where entry.publishes {
            guard let state = entry.state, state.phase.isTerminal else { continue }
            endings[state.id, default: []].append(state)
        }
        return endings
    }
}

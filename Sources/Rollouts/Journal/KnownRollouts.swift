// SPDX-License-Identifier: Apache-2.0

package import Values

/// The rollouts that one partition has seen: what makes an event that comes again known.
///
/// At most 40 bytes each: 24 for the entry, kept in chunks that are never copied to grow, and a hash table of 4-byte places
/// that is at most three quarters full. Entries stay in the order in which they were first seen.
package struct KnownRollouts: Sendable {
    private struct Entry {
        var id: RolloutID
        /// Seconds since 1970 of its end; 0 while it goes on, `forgotten` once it is no longer known.
        var endedAt: UInt32 = 0
        /// Whether it failed, and its event has not come again since.
        var isWorthTelling = false

        static let forgotten = UInt32.max
    }

    private var entries = Chunks<Entry>()
    private var byID = HashPlaces()
    private var forgottenCount = 0

    /// Creates an empty memory.
    package init() {}

    /// Rollouts known.
    package var count: Int { self.entries.count - self.forgottenCount }

    /// Bytes that it occupies.
    package var sizeBytes: Int { self.entries.sizeBytes + self.byID.sizeBytes }

    // MARK: Rollouts

    /// Remembers a rollout.
    ///
    /// - Returns: Whether it was new.
    package mutating func insert(_ id: RolloutID) -> Bool {
        guard self.index(of: id) == nil else { return false }
        _ = self.append(id)
        return true
    }

    private mutating func append(_ id: RolloutID) -> Int {
        self.entries.append(Entry(id: id))
        self.place(id, at: self.entries.count - 1)
        return self.entries.count - 1
    }

    /// Remembers what a journal record says of a rollout, with one search for it.
    ///
    /// - Parameters:
    ///   - id: The rollout.
    ///   - endedAt: When it ended, if it has.
    ///   - isFailed: Whether it ended as failed.
    package mutating func restore(_ id: RolloutID, endedAt: Timestamp?, isFailed: Bool = false) {
        let index = self.index(of: id) ?? self.append(id)
        if let endedAt { self.end(index, at: endedAt, isFailed: isFailed) }
    }

    /// Whether the rollout is known.
    package func contains(_ id: RolloutID) -> Bool { self.index(of: id) != nil }

    private func index(of id: RolloutID) -> Int? {
        self.byID.first(id.low) { index in
            let entry = self.entries[index]
            return entry.id == id && entry.endedAt != Entry.forgotten
        }
    }

    private mutating func place(_ id: RolloutID, at index: Int) {
        let entries = self.entries
        self.byID.insert(index, hash: id.low) { entries[$0].id.low }
    }

    /// Whether a rollout whose event has come again failed, and this is the first time that it has come.
    package mutating func isFailedAndAskedForAgain(_ id: RolloutID) -> Bool {
        guard let index = self.index(of: id), self.entries[index].isWorthTelling else { return false }
        self.entries[index].isWorthTelling = false
        return true
    }

    // MARK: The horizon

    /// Notes when a rollout ended, to the second, and whether it failed.
    package mutating func end(_ id: RolloutID, at time: Timestamp, isFailed: Bool = false) {
        guard let index = self.index(of: id) else { return }
        self.end(index, at: time, isFailed: isFailed)
    }

    private mutating func end(_ index: Int, at time: Timestamp, isFailed: Bool) {
        self.entries[index].isWorthTelling = isFailed
        self.entries[index].endedAt = UInt32(clamping: min(max(1, time.secondsSinceEpoch), Int64(UInt32.max) - 1))
    }

    /// Rollouts that ended before a time, those seen first first.
    ///
    /// - Parameters:
    ///   - time: The time, to the second.
    ///   - limit: The most.
    /// - Returns: At most that many.
    package func ended(before time: Timestamp, limit: Int) -> [RolloutID] {
        let seconds = time.secondsSinceEpoch
        var found: [RolloutID] = []
        for index in 0..<self.entries.count {
            guard found.count < limit else { break }
            let entry = self.entries[index]
            guard entry.endedAt != 0, entry.endedAt != Entry.forgotten, Int64(entry.endedAt) < seconds else { continue }
            found.append(entry.id)
        }
        return found
    }

    /// Forgets a rollout.
    package mutating func forget(_ id: RolloutID) {
        guard let index = self.index(of: id) else { return }
        self.entries[index].endedAt = Entry.forgotten
        self.forgottenCount += 1
        // Searches step over what is forgotten; a quarter of it, and all is made anew.
        if self.forgottenCount >= 64, self.forgottenCount * 4 >= self.entries.count { self.compact() }
    }

    private mutating func compact() {
        var compacted = KnownRollouts()
        compacted.reserveCapacity(self.count)
        for index in 0..<self.entries.count {
            let entry = self.entries[index]
            guard entry.endedAt != Entry.forgotten else { continue }
            compacted.entries.append(entry)
            let place = compacted.entries.count - 1
            compacted.place(entry.id, at: place)
        }
        self = compacted
    }

    /// Makes room at once for that many rollouts.
    package mutating func reserveCapacity(_ count: Int) {
        let entries = self.entries
        self.byID.reserveCapacity(count) { entries[$0].id.low }
    }
}

// SPDX-License-Identifier: Apache-2.0

package import Values

/// The rollouts and runs that one partition has seen: what makes a repeated event a duplicate.
///
/// At most 64 bytes each: 32 for the entry, kept in chunks that are never copied to grow, and two hash tables of 4-byte
/// places that are at most three quarters full. Entries stay in the order in which they were first seen.
package struct KnownRollouts: Sendable {
    private struct Entry {
        var id: RolloutID
        /// 64 bits of the run key's hash; 0 while it is not known.
        var runKey: UInt64 = 0
        /// Seconds since 1970 of its end; 0 while it goes on, `forgotten` once it is no longer known.
        var endedAt: UInt32 = 0

        static let forgotten = UInt32.max
    }

    private var entries = Chunks<Entry>()
    private var byID = HashPlaces()
    private var byRunKey = HashPlaces()
    private var forgottenCount = 0

    /// Creates an empty memory.
    package init() {}

    /// Rollouts known.
    package var count: Int { self.entries.count - self.forgottenCount }

    /// Bytes that it occupies.
    package var sizeBytes: Int { self.entries.sizeBytes + self.byID.sizeBytes + self.byRunKey.sizeBytes }

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

    /// Remembers all that a journal record says of a rollout, with one search for it.
    ///
    /// - Parameters:
    ///   - id: The rollout.
    ///   - runKey: 64 bits of its run key's hash, where known.
    ///   - endedAt: When it ended, if it has.
    package mutating func restore(_ id: RolloutID, runKey: UInt64?, endedAt: Timestamp?) {
        let index = self.index(of: id) ?? self.append(id)
        if let runKey { _ = self.insertRunKey(runKey, at: index) }
        if let endedAt { self.end(index, at: endedAt) }
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

    // MARK: Runs

    /// Remembers the run key of a known rollout by 64 bits of its hash.
    ///
    /// Two of a million runs share them with a chance of 1 in 37 million: then the second is skipped as `duplicate`,
    /// visibly, and a replay deploys it.
    ///
    /// - Returns: Whether no rollout had it before; `false`, too, for a rollout that is not known.
    package mutating func insertRunKey(_ digest: UInt64, of id: RolloutID) -> Bool {
        guard let index = self.index(of: id) else { return false }
        return self.insertRunKey(digest, at: index)
    }

    private mutating func insertRunKey(_ digest: UInt64, at index: Int) -> Bool {
        let digest = max(digest, 1)
        let isKnown = self.byRunKey.first(digest) { other in
            let entry = self.entries[other]
            return entry.runKey == digest && entry.endedAt != Entry.forgotten
        }
        guard isKnown == nil else { return false }
        self.entries[index].runKey = digest
        let entries = self.entries
        self.byRunKey.insert(index, hash: digest) { entries[$0].runKey }
        return true
    }

    // MARK: The horizon

    /// Notes when a rollout ended, to the second.
    package mutating func end(_ id: RolloutID, at time: Timestamp) {
        guard let index = self.index(of: id) else { return }
        self.end(index, at: time)
    }

    private mutating func end(_ index: Int, at time: Timestamp) {
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

    /// Forgets a rollout and its run.
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
            guard entry.runKey != 0 else { continue }
            let entries = compacted.entries
            compacted.byRunKey.insert(place, hash: entry.runKey) { entries[$0].runKey }
        }
        self = compacted
    }

    /// Makes room at once for that many rollouts.
    package mutating func reserveCapacity(_ count: Int) {
        let entries = self.entries
        self.byID.reserveCapacity(count) { entries[$0].id.low }
        self.byRunKey.reserveCapacity(count) { entries[$0].runKey }
    }
}

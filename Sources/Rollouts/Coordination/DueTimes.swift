// SPDX-License-Identifier: Apache-2.0

/// What is to happen when: a binary heap by time.
///
/// Nothing is ever removed before its time; the owner checks by `token` whether an entry still means anything. So a
/// cancelled wait costs nothing, and at most one entry a wait is kept.
package struct DueTimes: Sendable {
    /// One entry.
    package struct Entry: Sendable, Equatable {
        /// When.
        package var time: MonotonicTime
        /// Which rollout.
        package var id: RolloutID
        /// Which wait of that rollout.
        package var token: UInt32
    }

    private var heap: [Entry] = []

    /// Creates an empty queue.
    package init() {}

    /// Entries, stale ones included.
    package var count: Int { self.heap.count }

    /// Time of the earliest entry.
    package var first: MonotonicTime? { self.heap.first?.time }

    /// Adds an entry.
    package mutating func insert(_ entry: Entry) {
        self.heap.append(entry)
        var child = self.heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard self.heap[child].time < self.heap[parent].time else { return }
            self.heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the earliest entry, if its time has come.
    package mutating func popDue(now: MonotonicTime) -> Entry? {
        guard let first = self.heap.first, first.time <= now else { return nil }
        let last = self.heap.removeLast()
        guard !self.heap.isEmpty else { return first }
        self.heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < self.heap.count {
                if self.heap[child].time < self.heap[least].time { least = child }
            }
            guard least != parent else { return first }
            self.heap.swapAt(parent, least)
            parent = least
        }
    }

    /// Drops every entry that `isStale` names.
    package mutating func removeAll(where isStale: (Entry) -> Bool) {
        let kept = self.heap.filter { !isStale($0) }
        guard kept.count != self.heap.count else { return }
        self.heap = []
        for entry in kept { self.insert(entry) }
    }
}

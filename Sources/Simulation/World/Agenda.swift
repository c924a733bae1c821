// SPDX-License-Identifier: Apache-2.0

import Values

/// What is to come in a world: a binary heap by time, in which a seeded number breaks ties.
///
/// Entries on the way up or down are moved into the gap that the one before has left, and the one that moves is written
/// once: half of what swapping costs, in what a world does most.
struct Agenda {
    struct Entry {
        let time: MonotonicTime
        let tie: UInt64
        let happening: Happening

        func comes(before other: Entry) -> Bool {
            self.time == other.time ? self.tie < other.tie : self.time < other.time
        }
    }

    private var heap: [Entry] = []

    mutating func insert(_ entry: Entry) {
        var gap = self.heap.count
        self.heap.append(entry)
        while gap > 0 {
            let parent = (gap - 1) / 2
            guard entry.comes(before: self.heap[parent]) else { break }
            self.heap[gap] = self.heap[parent]
            gap = parent
        }
        self.heap[gap] = entry
    }

    /// Takes what comes next; `nil` where nothing is to come.
    mutating func popFirst() -> Entry? {
        guard let first = self.heap.first else { return nil }
        let last = self.heap.removeLast()
        if !self.heap.isEmpty { self.sink(last) }
        return first
    }

    /// Puts an entry where the first one was taken, and lets it sink to its place.
    private mutating func sink(_ entry: Entry) {
        var gap = 0
        while true {
            var child = 2 * gap + 1
            guard child < self.heap.count else { break }
            if child + 1 < self.heap.count, self.heap[child + 1].comes(before: self.heap[child]) { child += 1 }
            guard self.heap[child].comes(before: entry) else { break }
            self.heap[gap] = self.heap[child]
            gap = child
        }
        self.heap[gap] = entry
    }
}

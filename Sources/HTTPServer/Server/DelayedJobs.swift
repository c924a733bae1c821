// SPDX-License-Identifier: Apache-2.0

/// Jobs ordered by due time; those of the same time in the order given.
///
/// A binary heap: inserting and taking cost the logarithm of the number of jobs.
struct DelayedJobs {
    private struct Entry {
        let due: ContinuousClock.Instant
        let number: UInt64
        let job: EventLoop.Job

        static func < (left: Self, right: Self) -> Bool {
            left.due == right.due ? left.number < right.number : left.due < right.due
        }
    }

    private var heap: [Entry] = []
    private var nextNumber: UInt64 = 0

    /// When the first job is due.
    var nextDue: ContinuousClock.Instant? { self.heap.first?.due }

    mutating func insert(_ job: @escaping EventLoop.Job, due: ContinuousClock.Instant) {
        self.heap.append(Entry(due: due, number: self.nextNumber, job: job))
        self.nextNumber += 1
        var child = self.heap.count - 1
        while child > 0, self.heap[child] < self.heap[(child - 1) / 2] {
            self.heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes all jobs due at `now`.
    mutating func takeDue(at now: ContinuousClock.Instant) -> [EventLoop.Job] {
        var jobs: [EventLoop.Job] = []
        while let first = self.heap.first, first.due <= now {
            jobs.append(first.job)
            self.removeFirst()
        }
        return jobs
    }

    private mutating func removeFirst() {
        self.heap.swapAt(0, self.heap.count - 1)
        self.heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < self.heap.count && self.heap[child] < self.heap[least] {
                least = child
            }
            guard least != parent else { return }
            self.heap.swapAt(parent, least)
            parent = least
        }
    }
}

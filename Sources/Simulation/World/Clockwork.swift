// SPDX-License-Identifier: Apache-2.0

import Values

/// The virtual clock and what is to come: a binary heap by time, in which a seeded number breaks ties.
final class Clockwork {
    private struct Entry {
        let time: MonotonicTime
        let tie: UInt64
        let happening: Happening

        func comes(before other: Entry) -> Bool {
            self.time == other.time ? self.tie < other.tie : self.time < other.time
        }
    }

    /// The moment.
    private(set) var now: MonotonicTime
    /// Draws by key, so that taking one thing away shifts nothing else.
    let dice: Dice
    private var heap: [Entry] = []
    private var count: UInt64 = 0

    /// The wall clock at the start: 2026-01-01T00:00:00Z.
    static let epoch = Timestamp(millisecondsSinceEpoch: 1_767_225_600_000)

    init(dice: Dice) {
        self.dice = dice
        self.now = MonotonicTime(nanoseconds: 1_000_000_000)
    }

    /// The true time of the wall clock.
    var wall: Timestamp { self.wall(at: self.now) }

    /// The true time of the wall clock at a moment.
    func wall(at time: MonotonicTime) -> Timestamp {
        Timestamp(microsecondsSinceEpoch: Self.epoch.microsecondsSinceEpoch + time.nanoseconds / 1000)
    }

    /// What has happened so far.
    var steps: UInt64 { self.count }

    func schedule(_ happening: Happening, after span: Span) { self.schedule(happening, at: self.now + span) }

    func schedule(_ happening: Happening, at time: MonotonicTime) {
        self.count += 1
        // A bijection of the count: seeded, without two alike.
        let tie = (self.count &* 0x9E37_79B9_7F4A_7C15) ^ self.tieSalt
        self.insert(Entry(time: max(time, self.now), tie: tie, happening: happening))
    }

    private lazy var tieSalt = self.dice.value("tie")

    /// Takes what comes next and moves the clock there; `nil` where nothing is to come.
    func next() -> Happening? {
        guard let first = self.heap.first else { return nil }
        let last = self.heap.removeLast()
        if !self.heap.isEmpty {
            self.heap[0] = last
            self.sink()
        }
        self.now = first.time
        return first.happening
    }

    private func insert(_ entry: Entry) {
        self.heap.append(entry)
        var child = self.heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard self.heap[child].comes(before: self.heap[parent]) else { return }
            self.heap.swapAt(child, parent)
            child = parent
        }
    }

    private func sink() {
        var parent = 0
        while true {
            var least = parent
            let left = 2 * parent + 1
            if left < self.heap.count, self.heap[left].comes(before: self.heap[least]) { least = left }
            if left + 1 < self.heap.count, self.heap[left + 1].comes(before: self.heap[least]) { least = left + 1 }
            guard least != parent else { return }
            self.heap.swapAt(parent, least)
            parent = least
        }
    }
}

extension Span {
    /// A span drawn from a range in microseconds, by key.
    static func drawn(
        _ dice: Dice,
        _ microseconds: ClosedRange<Int64>,
        _ purpose: String,
        _ first: Int,
        _ second: Int
    ) -> Span {
        let width = UInt64(microseconds.upperBound - microseconds.lowerBound + 1)
        let drawn = Int64(dice.value(purpose, first, second) % width)
        return Span(nanoseconds: (microseconds.lowerBound + drawn) * 1000)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// What is to happen when: a binary heap by time; what has the same time comes out in the order in which it went in.
///
/// Adding and taking cost the logarithm of the count. Nothing has to be removed before its time: an owner that keeps a
/// token with each element can see whether it still means anything, so a cancelled wait costs nothing. Inlinable and public
/// for the same reasons as `FIFO`.
public struct TimedHeap<Time: Comparable & Sendable, Element: Sendable>: Sendable {
    @usableFromInline
    struct Entry: Sendable {
        @usableFromInline
        let time: Time
        @usableFromInline
        let element: Element
        /// Counts insertions, around and around: fewer than 2^31 lie between two entries of one heap.
        @usableFromInline
        let number: UInt32

        @inlinable
        init(time: Time, element: Element, number: UInt32) {
            self.time = time
            self.element = element
            self.number = number
        }

        @inlinable
        func comes(before other: Entry) -> Bool {
            if self.time != other.time { return self.time < other.time }
            return Int32(bitPattern: self.number &- other.number) < 0
        }
    }

    @usableFromInline
    var heap: [Entry] = []
    @usableFromInline
    var nextNumber: UInt32 = 0

    /// Creates an empty heap.
    @inlinable
    public init() {}

    /// Bytes that an entry occupies.
    public static var entrySizeBytes: Int { MemoryLayout<Entry>.stride }

    /// How many wait.
    @inlinable
    public var count: Int { self.heap.count }

    /// Whether nothing waits.
    @inlinable
    public var isEmpty: Bool { self.heap.isEmpty }

    /// The time of what comes next; `nil` when nothing waits.
    @inlinable
    public var nextTime: Time? { self.heap.first?.time }

    /// Adds an element.
    @inlinable
    public mutating func insert(_ element: Element, at time: Time) {
        self.insert(Entry(time: time, element: element, number: self.nextNumber))
        self.nextNumber &+= 1
    }

    /// Takes what comes next, if its time has come.
    @inlinable
    public mutating func popDue(now: Time) -> Element? {
        guard let first = self.heap.first, first.time <= now else { return nil }
        let last = self.heap.removeLast()
        if !self.heap.isEmpty {
            self.heap[0] = last
            self.sink(from: 0)
        }
        return first.element
    }

    /// Drops every element that `isUnwanted` names.
    @inlinable
    public mutating func removeAll(where isUnwanted: (Element) throws -> Bool) rethrows {
        let count = self.heap.count
        try self.heap.removeAll { try isUnwanted($0.element) }
        guard self.heap.count != count else { return }
        for parent in (0..<self.heap.count / 2).reversed() { self.sink(from: parent) }
    }

    @inlinable
    mutating func insert(_ entry: Entry) {
        self.heap.append(entry)
        var child = self.heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard self.heap[child].comes(before: self.heap[parent]) else { return }
            self.heap.swapAt(child, parent)
            child = parent
        }
    }

    @inlinable
    mutating func sink(from index: Int) {
        var parent = index
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < self.heap.count {
                if self.heap[child].comes(before: self.heap[least]) { least = child }
            }
            guard least != parent else { return }
            self.heap.swapAt(parent, least)
            parent = least
        }
    }
}

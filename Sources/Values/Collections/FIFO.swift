// SPDX-License-Identifier: Apache-2.0

/// A first-in-first-out queue over one array; both ends in constant time on average.
///
/// Its elements can be looked at, inserted and removed anywhere, at the price of an array. Inlinable, since most of its
/// users pass millions of elements through it; and public, though only our own targets use it, since the compiler (6.3)
/// makes no copy for a user's types of what is `package`, inlinable or not.
public struct FIFO<Element: Sendable>: Sendable {
    /// What waits, from `head` on; what stands before it has been taken.
    @usableFromInline
    var elements: [Element] = []
    @usableFromInline
    var head = 0

    /// Creates an empty queue.
    @inlinable
    public init() {}

    /// Adds to the end.
    @inlinable
    public mutating func append(_ element: Element) { self.elements.append(element) }

    /// Takes the next element.
    @inlinable
    public mutating func popFirst() -> Element? {
        guard self.head < self.elements.count else { return nil }
        let element = self.elements[self.head]
        self.head += 1
        if self.head == self.elements.count {
            self.elements.removeAll(keepingCapacity: true)
            self.head = 0
        } else if self.head >= 64, self.head * 2 >= self.elements.count {
            // Moving the rest costs as much as what was taken since the last time.
            self.elements.removeFirst(self.head)
            self.head = 0
        }
        return element
    }

    /// Inserts before the element at `index`, or at the end.
    @inlinable
    public mutating func insert(_ element: Element, at index: Int) {
        self.elements.insert(element, at: self.head + index)
    }

    /// Takes the element at `index` out.
    @inlinable
    public mutating func remove(at index: Int) -> Element {
        self.elements.remove(at: self.head + index)
    }

    /// Drops every element that `isUnwanted` names; the others keep their order.
    @inlinable
    public mutating func removeAll(where isUnwanted: (Element) throws -> Bool) rethrows {
        self.elements.removeFirst(self.head)
        self.head = 0
        try self.elements.removeAll(where: isUnwanted)
    }
}

extension FIFO: RandomAccessCollection {
    /// The index of the next element: 0.
    @inlinable
    public var startIndex: Int { 0 }

    /// How many wait.
    @inlinable
    public var endIndex: Int { self.elements.count - self.head }

    /// An element, by how many come before it.
    @inlinable
    public subscript(_ index: Int) -> Element { self.elements[self.head + index] }
}

// SPDX-License-Identifier: Apache-2.0

/// A first-in-first-out queue over one array; both ends in constant time on average.
package struct FIFO<Element: Sendable>: Sendable {
    private var elements: [Element] = []
    private var head = 0

    /// Creates an empty queue.
    package init() {}

    /// Elements waiting.
    package var count: Int { self.elements.count - self.head }

    /// Whether nothing waits.
    package var isEmpty: Bool { self.head == self.elements.count }

    /// The next element.
    package var first: Element? { self.isEmpty ? nil : self.elements[self.head] }

    /// Adds to the end.
    package mutating func append(_ element: Element) { self.elements.append(element) }

    /// Takes the next element.
    package mutating func popFirst() -> Element? {
        guard !self.isEmpty else { return nil }
        let element = self.elements[self.head]
        self.head += 1
        if self.head >= 64, self.head * 2 >= self.elements.count {
            self.elements.removeFirst(self.head)
            self.head = 0
        }
        return element
    }
}

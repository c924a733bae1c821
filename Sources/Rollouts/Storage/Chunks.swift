// SPDX-License-Identifier: Apache-2.0

/// A list that grows by chunks of fixed size, so that it never occupies twice what it holds.
struct Chunks<Element: Sendable>: Sendable {
    private static var chunkSize: Int { 4_096 }
    private var chunks: [[Element]] = []
    private(set) var count = 0

    /// Bytes of all chunks.
    var sizeBytes: Int { self.chunks.reduce(0) { $0 + $1.capacity * MemoryLayout<Element>.stride } }

    subscript(index: Int) -> Element {
        get { self.chunks[index / Self.chunkSize][index % Self.chunkSize] }
        set { self.chunks[index / Self.chunkSize][index % Self.chunkSize] = newValue }
    }

    mutating func append(_ element: Element) {
        if self.count % Self.chunkSize == 0 {
            var chunk: [Element] = []
            // The first one grows by itself: most partitions know few.
            if self.count > 0 { chunk.reserveCapacity(Self.chunkSize) }
            self.chunks.append(chunk)
        }
        self.chunks[self.chunks.count - 1].append(element)
        self.count += 1
    }
}

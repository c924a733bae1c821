// SPDX-License-Identifier: Apache-2.0

import Glibc
import Processes
import Testing

/// What a burst of work leaves free between what it keeps goes back to the system.
@Suite(.timeLimit(.minutes(1)))
struct HeapTrimmerTests {
    private static let pageBytes = Int(sysconf(Int32(_SC_PAGESIZE)))
    /// Small enough to lie in the heap.
    private static let blockBytes = 32 * 1_024
    private static let blockCount = 2_000

    @Test
    func memoryThatABurstLeftFreeGoesBack() async throws {
        // Every tenth block stays: the heap can't shrink at its end, which is all that the allocator does by itself.
        let blocks = try (0..<Self.blockCount).map { _ in try #require(malloc(Self.blockBytes)) }
        for block in blocks { memset(block, 1, Self.blockBytes) }
        let freed = blocks.indices.filter { $0 % 10 != 0 }.map { UInt(bitPattern: blocks[$0]) }
        defer { for index in stride(from: 0, to: blocks.count, by: 10) { free(blocks[index]) } }
        #expect(Self.residentPages(freed) > freed.count)
        for index in blocks.indices where index % 10 != 0 { free(blocks[index]) }
        let before = Self.residentPages(freed)

        let memory = HeapTrimmer(every: 20)
        defer { memory.stop() }
        let end = ContinuousClock.now + .seconds(20)
        // Tests beside this one take some of it for themselves.
        while Self.residentPages(freed) > before / 3, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(Self.residentPages(freed) <= before / 3, "of \(before) pages")
    }

    /// How many of the whole pages in these blocks are in RAM.
    private static func residentPages(_ blocks: [UInt]) -> Int {
        var pages = 0
        for block in blocks {
            let first = (block + UInt(self.pageBytes) - 1) / UInt(self.pageBytes) * UInt(self.pageBytes)
            var states = [UInt8](repeating: 0, count: self.blockBytes / self.pageBytes - 1)
            let result = mincore(UnsafeMutableRawPointer(bitPattern: first), states.count * self.pageBytes, &states)
            // Addresses that the allocator has unmapped altogether are not in RAM either.
            if result == 0 { pages += states.count { $0 & 1 == 1 } }
        }
        return pages
    }
}

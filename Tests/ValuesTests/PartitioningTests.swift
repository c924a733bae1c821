// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@Suite("Partitioning")
struct PartitioningTests {
    /// From the tests of Kafka's own Utils.
    @Test(arguments: [
        ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971), ("abc", 479_470_107),
    ])
    func murmur2MatchesPublishedVectors(text: String, expected: Int32) {
        #expect(Int32(bitPattern: Partitioning.murmur2(text.utf8)) == expected)
    }

    @Test func everyKeyHasAPartitionTheEmptyOneIncluded() {
        for count in 1...12 {
            for length in 0..<20 {
                let partition = Partitioning.ownerPartition(
                    forKey: Array(repeating: UInt8(7), count: length),
                    count: count
                )
                #expect((0..<Int32(count)).contains(partition.rawValue))
            }
        }
    }
}

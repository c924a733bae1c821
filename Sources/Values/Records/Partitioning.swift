// SPDX-License-Identifier: Apache-2.0

/// Says which partition a key belongs to, as Java's producer and librdkafka's `murmur2_random` do.
package enum Partitioning {
    /// Returns the partition that owns `key` in a topic of `count` partitions.
    ///
    /// Source: Kafka's `BuiltInPartitioner.partitionForKey`: the hash with its sign bit cleared, modulo the count.
    ///
    /// - Parameters:
    ///   - key: The record's key; an empty one has a partition too.
    ///   - count: Partitions of the topic; 1 or more.
    /// - Returns: A partition in `0..<count`.
    package static func ownerPartition(forKey key: some Collection<UInt8>, count: Int) -> Partition {
        precondition(count > 0, "a topic has at least one partition")
        let positive = Int(self.murmur2(key) & 0x7fff_ffff)
        return Partition(rawValue: Int32(positive % count))
    }

    /// Returns the 32-bit murmur2 hash of `bytes` with Kafka's seed.
    ///
    /// Source: A. Appleby, MurmurHash2 (public domain); the seed is the one of Kafka's `Utils.murmur2`.
    package static func murmur2(_ bytes: some Collection<UInt8>) -> UInt32 {
        // Almost every key lies in one piece, and is read without a call for each of its bytes.
        bytes.withContiguousStorageIfAvailable { self.hash($0) } ?? self.hash(Array(bytes))
    }

    private static func hash(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBufferPointer { self.hash($0) } }

    private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        let multiplier: UInt32 = 0x5bd1_e995
        var hash: UInt32 = 0x9747_b28c ^ UInt32(truncatingIfNeeded: bytes.count)
        var word: UInt32 = 0
        var filled: UInt32 = 0
        for byte in bytes {
            word |= UInt32(byte) << (8 * filled)
            filled += 1
            guard filled == 4 else { continue }
            word = word &* multiplier
            word ^= word >> 24
            hash = (hash &* multiplier) ^ (word &* multiplier)
            word = 0
            filled = 0
        }
        if filled > 0 { hash = (hash ^ word) &* multiplier }
        hash ^= hash >> 13
        hash = hash &* multiplier
        return hash ^ (hash >> 15)
    }
}

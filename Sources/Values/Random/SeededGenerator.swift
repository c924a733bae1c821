// SPDX-License-Identifier: Apache-2.0

/// A small deterministic generator (SplitMix64): the same seed gives the same numbers.
///
/// Inlinable and public for the same reasons as `FIFO`.
///
/// Source: G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    @usableFromInline
    var state: UInt64

    /// Starts at that seed.
    @inlinable
    public init(seed: UInt64) { self.state = seed }

    /// The next 64 bits.
    @inlinable
    public mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        return SeededGenerator.mix(self.state)
    }

    /// Uniform in `0..<1`, in steps of 2^-53.
    @inlinable
    public mutating func fraction() -> Double { Double(self.next() >> 11) * 0x1p-53 }

    /// SplitMix64's finaliser: a bijection in which each bit of the input moves about half of the output's.
    @inlinable
    static func mix(_ word: UInt64) -> UInt64 {
        var mixed = word
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

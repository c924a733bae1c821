// SPDX-License-Identifier: Apache-2.0

/// Draws without a state: each is named by a key, and the same seed and key give the same value, whatever else was drawn.
///
/// A generator gives one stream, so that one draw more or less changes all that come after it. A simulation whose plan is
/// to be made smaller can't have that: with a fault taken out, everything else must stay as it was. So what a draw is for
/// is its key:
///
///     let dice = Dice(seed: 7)
///     dice.chance(0.1, "request is cut", 3, 17)                  // worker 3, its 17th request
///     dice.number(in: 0...250, "latency", 3, 17)
///     dice.dice(for: "worker", 3).value("latency", 17)           // dice of a part, with keys of their own
///
/// A key that is used twice gives the same value twice; that is the caller's to avoid. The values are a hash, good enough
/// for tests and of no use as secrets. They don't depend on the process, the machine or Swift's own hashing.
package struct Dice: Sendable, Hashable {
    private let state: UInt64

    /// Creates the dice of a seed.
    package init(seed: UInt64) { self.state = SeededGenerator.mix(seed ^ 0x9E37_79B9_7F4A_7C15) }

    private init(state: UInt64) { self.state = state }

    /// Returns 64 bits; `purpose` says what they are for, `numbers` which one of that kind it is.
    package func value(_ purpose: String, _ numbers: Int...) -> UInt64 { self.hash(purpose, numbers) }

    /// Returns a number that is uniform in `0..<1`, in steps of 2^-53.
    package func fraction(_ purpose: String, _ numbers: Int...) -> Double {
        Double(self.hash(purpose, numbers) >> 11) * 0x1p-53
    }

    /// Returns whether something happens that has this probability, in `0...1`.
    package func chance(_ probability: Double, _ purpose: String, _ numbers: Int...) -> Bool {
        Double(self.hash(purpose, numbers) >> 11) * 0x1p-53 < probability
    }

    /// Returns a number that is uniform in the range.
    package func number(in range: ClosedRange<Int>, _ purpose: String, _ numbers: Int...) -> Int {
        var generator = SeededGenerator(seed: self.hash(purpose, numbers))
        return Int.random(in: range, using: &generator)
    }

    /// Returns one of the choices, each with the same chance; `nil` where there are none.
    package func element<Choices: Collection>(
        of choices: Choices,
        _ purpose: String,
        _ numbers: Int...
    ) -> Choices.Element? {
        var generator = SeededGenerator(seed: self.hash(purpose, numbers))
        return choices.randomElement(using: &generator)
    }

    /// Returns dice of a part: their keys share nothing with those of others.
    package func dice(for purpose: String, _ numbers: Int...) -> Dice {
        Dice(state: SeededGenerator.mix(self.hash(purpose, numbers) ^ 0xD1CE))
    }

    /// Returns a generator for where a part needs many draws of its own in a row.
    package func generator(for purpose: String, _ numbers: Int...) -> SeededGenerator {
        SeededGenerator(seed: self.hash(purpose, numbers))
    }

    /// Absorbs eight bytes at a time; the lengths keep ("a", 1) and ("a1") apart.
    private func hash(_ purpose: String, _ numbers: [Int]) -> UInt64 {
        var hash = self.state
        var word: UInt64 = 0
        var filled: UInt64 = 0
        for byte in purpose.utf8 {
            word |= UInt64(byte) << (8 * (filled & 7))
            filled += 1
            if filled & 7 == 0 {
                hash = SeededGenerator.mix(hash &+ word)
                word = 0
            }
        }
        hash = SeededGenerator.mix(hash &+ word)
        hash = SeededGenerator.mix(hash ^ (filled << 32 | UInt64(numbers.count)))
        for number in numbers { hash = SeededGenerator.mix(hash &+ UInt64(bitPattern: Int64(number))) }
        return hash
    }
}

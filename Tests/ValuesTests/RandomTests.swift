// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@Suite("Seeded generator")
struct SeededGeneratorTests {
    /// The reference implementation's first numbers for seed 1234567.
    @Test func givesThePublishedNumbers() {
        var generator = SeededGenerator(seed: 1_234_567)
        let numbers = (0..<3).map { _ in generator.next() }
        #expect(numbers == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
    }

    @Test func fractionsLieBelowOne() {
        var generator = SeededGenerator(seed: 1)
        let fractions = (0..<10_000).map { _ in generator.fraction() }
        #expect(fractions.allSatisfy { (0..<1).contains($0) })
        #expect(abs(fractions.reduce(0, +) / 10_000 - 0.5) < 0.02)
    }
}

@Suite("Dice")
struct DiceTests {
    private let dice = Dice(seed: 7)

    @Test func aKeyAlwaysGivesTheSame() {
        #expect(self.dice.value("latency", 3, 17) == Dice(seed: 7).value("latency", 3, 17))
        #expect(self.dice.number(in: 1...6, "throw", 1) == self.dice.number(in: 1...6, "throw", 1))
        #expect(self.dice.fraction("x") == self.dice.fraction("x"))
    }

    /// Plans are kept in files: a value that changes would make another plan of each.
    @Test func theValuesStayAsTheyWere() {
        #expect(self.dice.value("latency", 3, 17) == DiceTests.known.0)
        #expect(self.dice.dice(for: "worker", 2).value("") == DiceTests.known.1)
    }

    private static let known: (UInt64, UInt64) = (10_528_382_704_209_866_435, 13_226_314_388_149_453_813)

    @Test func everyPartOfTheKeyCounts() {
        let values = [
            self.dice.value("latency", 3, 17), self.dice.value("latency", 17, 3), self.dice.value("latency", 3),
            self.dice.value("latency"), self.dice.value("latenc", 3, 17), self.dice.value("", 3, 17),
            self.dice.value(""),
            self.dice.value("latency\0"), self.dice.value("latency\0", 3, 17), self.dice.value("latency", 0),
            self.dice.value("latency", 0, 0), self.dice.value("latency", -3, 17), Dice(seed: 8).value("latency", 3, 17),
            self.dice.dice(for: "latency", 3, 17).value(""), self.dice.dice(for: "latency", 3).value("", 17),
            self.dice.value("a long key of more than one word", 1),
            self.dice.value("a long key of more than one Word", 1),
        ]
        #expect(Set(values).count == values.count)
    }

    @Test func neighboursAreUniformAndDoNotResembleEachOther() {
        let count = 20_000
        let fractions = (0..<count).map { self.dice.fraction("x", $0) }
        #expect(fractions.allSatisfy { (0..<1).contains($0) })
        #expect(abs(fractions.reduce(0, +) / Double(count) - 0.5) < 0.01)
        let cells = fractions.reduce(into: [Int: Int]()) { $0[Int($1 * 100), default: 0] += 1 }
        #expect(cells.count == 100 && cells.values.allSatisfy { (120...280).contains($0) })
        let pairs = zip(fractions, fractions.dropFirst()).map { ($0 - 0.5) * ($1 - 0.5) * 12 }
        #expect(abs(pairs.reduce(0, +) / Double(count)) < 0.03)
        let seeds = (0..<count).map { Dice(seed: UInt64($0)).fraction("x") }
        #expect(abs(seeds.reduce(0, +) / Double(count) - 0.5) < 0.01)
    }

    @Test(arguments: [0, 0.1, 0.5, 1])
    func aChanceIsMetThatOften(probability: Double) {
        let hits = (0..<10_000).count { self.dice.chance(probability, "hit", $0) }
        #expect(abs(Double(hits) / 10_000 - probability) < 0.02)
        #expect(probability != 0 || hits == 0)
        #expect(probability != 1 || hits == 10_000)
    }

    @Test func numbersAndElementsUseTheirWholeRange() {
        #expect(Set((0..<1_000).map { self.dice.number(in: 1...6, "throw", $0) }) == Set(1...6))
        #expect(Set((0..<1_000).compactMap { self.dice.element(of: "abc", "letter", $0) }) == Set("abc"))
        #expect(self.dice.element(of: [Int](), "none") == nil)
    }

    @Test func aDrawMoreOrLessChangesNoOther() {
        var generator = self.dice.generator(for: "part", 1)
        _ = generator.next()
        #expect(self.dice.value("part", 2) == Dice(seed: 7).value("part", 2))
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Rows of choices in which every pair of choices comes up.
enum Pairwise {
    /// Two choices.
    private struct Pair: Hashable {
        let first: (factor: Int, level: Int)
        let second: (factor: Int, level: Int)

        init(_ one: (factor: Int, level: Int), _ other: (factor: Int, level: Int)) {
            (self.first, self.second) = one.factor < other.factor ? (one, other) : (other, one)
        }

        private var numbers: [Int] { [self.first.factor, self.first.level, self.second.factor, self.second.level] }
        static func == (left: Pair, right: Pair) -> Bool { left.numbers == right.numbers }
        func hash(into hasher: inout Hasher) { hasher.combine(self.numbers) }
    }

    /// Finds rows.
    ///
    /// Each one begins with the first pair that has not come up, and takes for each other factor the choice that adds most
    /// pairs. Source: the greedy one-row-at-a-time kind of R. C. Bryce, C. J. Colbourn, M. B. Cohen, "A framework of greedy
    /// methods for constructing interaction test suites", ICSE 2005, without its chance.
    ///
    /// - Parameter levels: How many choices each factor has.
    /// - Returns: Rows with a choice for each factor; the first has each factor's first.
    static func rows(levels: [Int]) -> [[Int]] {
        var missing = self.pairs(levels)
        var rows = [levels.map { _ in 0 }]
        missing.removeAll { self.has(rows[0], $0) }
        while let first = missing.first {
            var row: [Int?] = levels.map { _ in nil }
            row[first.first.factor] = first.first.level
            row[first.second.factor] = first.second.level
            for factor in levels.indices where row[factor] == nil {
                let gains = (0..<levels[factor]).map { level in
                    self.gain(of: (factor, level), to: row, missing: Set(missing))
                }
                row[factor] = gains.indices.max { (gains[$0], -$0) < (gains[$1], -$1) }
            }
            let chosen = row.map { $0 ?? 0 }
            missing.removeAll { self.has(chosen, $0) }
            rows.append(chosen)
        }
        return rows
    }

    private static func pairs(_ levels: [Int]) -> [Pair] {
        levels.indices.flatMap { one in
            levels.indices.dropFirst(one + 1).flatMap { other in
                (0..<levels[one]).flatMap { first in (0..<levels[other]).map { Pair((one, first), (other, $0)) } }
            }
        }
    }

    private static func has(_ row: [Int], _ pair: Pair) -> Bool {
        row[pair.first.factor] == pair.first.level && row[pair.second.factor] == pair.second.level
    }

    private static func gain(of choice: (factor: Int, level: Int), to row: [Int?], missing: Set<Pair>) -> Int {
        row.indices.count { factor in row[factor].map { missing.contains(Pair(choice, (factor, $0))) } ?? false }
    }
}

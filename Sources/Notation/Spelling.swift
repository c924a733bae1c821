// SPDX-License-Identifier: Apache-2.0

/// Finds the name that somebody probably meant.
package enum Spelling {
    /// Returns the candidate nearest to a mistyped name, or `nil` when none is near enough to be worth a suggestion.
    ///
    /// Near enough: at most a third of the name's length in insertions, deletions, replacements and swaps of
    /// neighbours (at least one, at most three), upper and lower case being equal; or a name that begins with what was
    /// typed, three letters or more. Of equally near ones the first wins.
    package static func nearest(to name: some StringProtocol, among candidates: some Sequence<String>) -> String? {
        let typed = Array(name.lowercased().unicodeScalars)
        // Nothing of this length is a slip of the finger, and the table below is quadratic.
        guard !typed.isEmpty, typed.count <= 100 else { return nil }
        let limit = min(max(1, typed.count / 3), 3)
        var best: (name: String, distance: Int)?
        var beginning: String?
        for candidate in candidates {
            let scalars = Array(candidate.lowercased().unicodeScalars)
            if typed.count >= 3, beginning == nil, scalars.starts(with: typed) { beginning = candidate }
            guard abs(scalars.count - typed.count) <= limit else { continue }
            let distance = self.distance(typed, scalars)
            if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.name ?? beginning
    }

    /// Returns the optimal string alignment distance: insert, delete, replace, or swap two neighbours.
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...right.count)
        for row in 1..<(left.count + 1) {
            var current = [row]
            for column in 1..<(right.count + 1) {
                let replacement = previous[column - 1] + (left[row - 1] == right[column - 1] ? 0 : 1)
                var cost = min(previous[column] + 1, current[column - 1] + 1, replacement)
                let isSwap =
                    row > 1 && column > 1 && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1]
                if isSwap { cost = min(cost, beforePrevious[column - 2] + 1) }
                current.append(cost)
            }
            (beforePrevious, previous) = (previous, current)
        }
        return previous[right.count]
    }
}

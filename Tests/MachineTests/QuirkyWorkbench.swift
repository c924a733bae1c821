// SPDX-License-Identifier: Apache-2.0

import Testing
import WorkbenchSandbox

/// Workbenches that answer the open questions each in their own way: whatever two answers there are to any two questions,
/// one of these workbenches gives both.
struct QuirkyWorkbench: Sendable, CustomTestStringConvertible {
    let quirks: Set<Quirk>

    var testDescription: String {
        self.quirks.isEmpty
            ? "as usual" : Quirk.allCases.filter(self.quirks.contains).map(\.rawValue).joined(separator: ", ")
    }

    /// The usual one first, then as few as a greedy search finds; the same each time.
    static let all: [QuirkyWorkbench] = {
        let rows = Pairwise.rows(levels: answers.map(\.count))
        return rows.map { row in QuirkyWorkbench(quirks: Set(zip(answers, row).compactMap { $0[$1] })) }
    }()

    /// The answers to each question; `nil` is the usual one.
    private static let answers: [[Quirk?]] = Quirk.Question.allCases.map { question in
        [nil] + Quirk.allCases.filter { $0.question == question }
    }
}

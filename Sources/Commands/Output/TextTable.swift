// SPDX-License-Identifier: Apache-2.0

/// A table of text for people: columns as wide as what they hold, cut where the terminal ends.
struct TextTable: Sendable {
    private let heads: [TerminalText]
    private var rows: [[TerminalText]] = []

    /// Creates a table without rows.
    init(_ heads: [String]) { self.heads = heads.map { TerminalText($0) } }

    /// Adds a row with one cell for each column.
    mutating func add(_ cells: [String]) {
        precondition(cells.count == self.heads.count, "a row has \(cells.count) of \(self.heads.count) cells")
        self.rows.append(cells.map { TerminalText($0) })
    }

    /// The lines, the heads first.
    ///
    /// - Parameter width: Columns of the terminal, or `nil` for as many as it takes.
    /// - Returns: One line a row, without line ends.
    func lines(width: Int?) -> [String] {
        let all = [self.heads] + self.rows
        let widths = self.heads.indices.map { column in all.map { $0[column].width }.max() ?? 0 }
        return all.map { cells in
            let line = zip(cells, widths).map { $0.fitted(to: $1) }.joined(separator: "  ")
            let end = line.lastIndex { $0 != " " }.map { line.index(after: $0) } ?? line.startIndex
            let text = TerminalText(String(line[..<end]))
            return width.map { text.cut(to: $0).text } ?? text.text
        }
    }
}

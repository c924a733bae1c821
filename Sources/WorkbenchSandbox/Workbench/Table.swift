// SPDX-License-Identifier: Apache-2.0

/// Rows in order of creation, found by position or by identifier.
///
/// A position stays the row's for ever, so that parents can hold lists of positions; a deleted row leaves a gap.
struct Table<Row: Sendable & Identifiable<String>>: Sendable {
    private var rows: [Row?] = []
    private var positions: [String: Int] = [:]

    /// Rows that exist.
    var count: Int { self.positions.count }

    /// Every position ever given, gaps included.
    var allPositions: Range<Int> { self.rows.indices }

    /// Rows in order of creation.
    var all: some Sequence<Row> { self.rows.lazy.compactMap { $0 } }

    /// The row at a position; `nil` once it has been deleted.
    subscript(position: Int) -> Row? {
        get { self.rows[position] }
        _modify { yield &self.rows[position] }
    }

    func position(of identifier: String) -> Int? {
        self.positions[identifier]
    }

    @discardableResult
    mutating func append(_ row: Row) -> Int {
        self.positions[row.id] = self.rows.count
        self.rows.append(row)
        return self.rows.count - 1
    }

    mutating func remove(at position: Int) {
        guard let row = self.rows[position] else { return }
        self.positions[row.id] = nil
        self.rows[position] = nil
    }
}

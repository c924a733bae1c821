// SPDX-License-Identifier: Apache-2.0

import Values

/// Rows in order of creation, found by position or by identifier.
///
/// A position stays the row's for ever, so that parents can hold lists of positions; a deleted row leaves a gap.
struct Table<Row: Sendable & Identifiable<String>>: Sendable {
    private var rows: [Row?] = []
    private var positions: [String: Int] = [:]
    /// Rows that were deleted, for lists that lag behind.
    private var deleted: [Int: (row: Row, at: Timestamp)] = [:]

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

    /// The row at a position as lists show it that are as old as a moment; `nil` for one that is not there.
    func row(at position: Int, asOf moment: Timestamp?) -> Row? {
        if let row = self.rows[position] { return row }
        guard let moment, let gone = self.deleted[position], moment < gone.at else { return nil }
        return gone.row
    }

    mutating func remove(at position: Int, now: Timestamp) {
        guard let row = self.rows[position] else { return }
        self.deleted[position] = (row, now)
        self.positions[row.id] = nil
        self.rows[position] = nil
    }
}

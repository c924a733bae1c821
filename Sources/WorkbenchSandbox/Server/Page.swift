// SPDX-License-Identifier: Apache-2.0

import Values

/// One page of rows.
struct Page<Row> {
    var rows: [Row] = []
    var nextToken = ""
}

extension Table where Row: Listable {
    /// One page of the rows at those positions.
    ///
    /// - Parameters:
    ///   - positions: Candidates in order of creation; gaps are skipped.
    ///   - request: Page, filter and order.
    ///   - call: What it sees of the rows, and at which moment; may turn the order round or spoil the token.
    ///   - condition: What a row must fulfil beside the filter.
    /// - Returns: The rows of the page and the token of the next.
    func page(
        of positions: some BidirectionalCollection<Int>,
        _ request: ListRequest,
        for call: WorkbenchCall,
        where condition: (Row) -> Bool = { _ in true }
    ) -> Page<Row> {
        if let salt = request.shuffle(call.view) {
            return self.page(in: shuffled(positions, by: salt), request, call, condition)
        }
        if call.rendering.isReversed { return self.page(in: positions.reversed(), request, call, condition) }
        return self.page(in: positions, request, call, condition)
    }

    private func page(
        in order: some Collection<Int>,
        _ request: ListRequest,
        _ call: WorkbenchCall,
        _ condition: (Row) -> Bool
    ) -> Page<Row> {
        var matching: [Row] = []
        let isUnrestricted = request.filters.isEmpty && request.sort.isEmpty
        // Without filter and order one row beyond the page is enough to know that there is a next one.
        let enough = isUnrestricted ? request.offset + request.pageSize + 1 : .max
        for position in order {
            guard let row = self.row(at: position, asOf: call.view.listsAsOf),
                call.view.lists(madeAt: row.createdAt), condition(row), request.matches(row, at: call.listTime)
            else { continue }
            matching.append(row)
            if matching.count >= enough { break }
        }
        if !request.sort.isEmpty { matching = sorted(matching, request, at: call.listTime) }
        return Page(
            rows: Array(matching.dropFirst(request.offset).prefix(request.pageSize)),
            nextToken: request.nextToken(total: matching.count, for: call)
        )
    }

    private func sorted(_ rows: [Row], _ request: ListRequest, at now: Timestamp) -> [Row] {
        let keyed = rows.enumerated().map { index, row in
            (index: index, row: row, values: request.sort.map { row.listValue($0.key, at: now) })
        }
        return keyed.sorted { left, right in
            for (index, key) in request.sort.enumerated() where left.values[index] != right.values[index] {
                return (left.values[index] < right.values[index]) != key.isDescending
            }
            return left.index < right.index
        }.map(\.row)
    }
}

/// Positions in an order that the salt alone decides, so that every page of a listing has the same.
private func shuffled(_ positions: some Collection<Int>, by salt: UInt32) -> [Int] {
    let keyed = positions.map { position in
        var generator = SeededGenerator(seed: UInt64(salt) << 32 ^ UInt64(position))
        return (position: position, key: generator.next())
    }
    return keyed.sorted { ($0.key, $0.position) < ($1.key, $1.position) }.map(\.position)
}

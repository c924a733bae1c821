// SPDX-License-Identifier: Apache-2.0

import HTTPValues

/// The pages of one listing, each of which is one request.
package struct Pages<Item: ListItem>: Sendable {
    let operation: APIOperation
    private let arguments: [String]
    private let listing: Listing

    init(_ operation: APIOperation, _ arguments: [String] = [], _ listing: Listing) {
        self.operation = operation
        self.arguments = arguments
        self.listing = listing
    }

    /// The page at which a cursor stands.
    func page(at cursor: PageCursor, in dialect: Dialect) -> Endpoint<Page<Item>> {
        self.page(at: cursor, size: dialect.pageSize)
    }

    private func page(at cursor: PageCursor, size: Int) -> Endpoint<Page<Item>> {
        var query = self.listing.query(pageSize: size)
        if !cursor.token.isEmpty {
            query.append((name: "page_token", value: cursor.token))
        }
        return Endpoint(RequestDraft(operation: self.operation, arguments: self.arguments, query: query))
    }

    /// The shortest page, for whoever only asks whether there is an answer.
    package var glance: Endpoint<Page<Item>> { self.page(at: PageCursor(self.operation), size: 1) }
}

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
        var query = self.listing.query(pageSize: dialect.pageSize)
        if !cursor.token.isEmpty {
            query.append((name: "page_token", value: cursor.token))
        }
        return Endpoint(RequestDraft(operation: self.operation, arguments: self.arguments, query: query))
    }

    /// The first page, for whoever needs no more.
    package func first(in dialect: Dialect) -> Endpoint<Page<Item>> {
        self.page(at: PageCursor(self.operation), in: dialect)
    }
}

// SPDX-License-Identifier: Apache-2.0

package import HTTPValues
package import Values

/// A search through the pages of a listing: one request a page, until enough was seen.
package struct PageSearch<Item: ListItem, Found: Sendable>: Exchange {
    private let pages: Pages<Item>
    private let isWanted: @Sendable (Item) -> Bool
    private let endsAtFirst: Bool
    private let conclusion: @Sendable ([Item]) -> Found
    private var cursor: PageCursor
    private var kept: [Item] = []

    /// Creates a search.
    ///
    /// - Parameters:
    ///   - pages: The listing.
    ///   - endsAtFirst: Whether the first item kept is enough, so that no further page is asked for.
    ///   - isWanted: Whether an item is kept: the server's own filter matches substrings.
    ///   - conclusion: What the items kept, in the order in which they came, mean.
    init(
        _ pages: Pages<Item>,
        endsAtFirst: Bool = false,
        where isWanted: @escaping @Sendable (Item) -> Bool,
        finding conclusion: @escaping @Sendable ([Item]) -> Found
    ) {
        self.pages = pages
        self.isWanted = isWanted
        self.endsAtFirst = endsAtFirst
        self.conclusion = conclusion
        self.cursor = PageCursor(pages.operation)
    }

    package func draft(in dialect: Dialect) -> RequestDraft {
        self.pages.page(at: self.cursor, in: dialect).draft
    }

    package mutating func received(
        _ response: HTTPResponse,
        in dialect: Dialect,
        now: Timestamp
    ) throws(APIError) -> ExchangeStep<Found> {
        let page: Page<Item> = try ResponseFailure(operation: self.pages.operation, now: now).answer(in: response)
        for item in page.items where self.isWanted(item) {
            self.kept.append(item)
            if self.endsAtFirst { return .ended(self.conclusion(self.kept)) }
        }
        guard !page.nextPageToken.isEmpty else { return .ended(self.conclusion(self.kept)) }
        try self.cursor.advance(to: page.nextPageToken, pageBytes: page.byteCount, at: now, in: dialect)
        return .another
    }
}

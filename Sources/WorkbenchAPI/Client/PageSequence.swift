// SPDX-License-Identifier: Apache-2.0

import Values

/// The pages of a listing, fetched one by one as they are asked for.
///
/// Ends with an `APIError` of kind `protocol` where `PageCursor` refuses to go on. Nothing is fetched ahead, so a caller
/// that has seen enough just stops.
package struct PageSequence<Element: Sendable>: AsyncSequence, Sendable {
    /// A page, and what leads to the one after it.
    struct Fetched: Sendable {
        let page: Element
        let nextToken: String
        let byteCount: Int
    }

    let operation: APIOperation
    let dialect: Dialect
    let now: @Sendable () -> Timestamp
    /// Fetches the page at which the cursor stands.
    let fetch: @Sendable (PageCursor) async throws(APIError) -> Fetched

    package func makeAsyncIterator() -> Iterator {
        Iterator(sequence: self)
    }

    /// Position in a listing.
    package struct Iterator: AsyncIteratorProtocol {
        private let sequence: PageSequence
        private var cursor: PageCursor
        /// The page before the one that is asked for next; `nil` at the beginning.
        private var last: Fetched?

        init(sequence: PageSequence) {
            self.sequence = sequence
            self.cursor = PageCursor(sequence.operation)
        }

        package mutating func next() async throws(APIError) -> Element? {
            try await self.next(isolation: #isolation)
        }

        package mutating func next(isolation actor: isolated (any Actor)?) async throws(APIError) -> Element? {
            if let last = self.last {
                guard !last.nextToken.isEmpty else { return nil }
                try self.cursor.advance(
                    to: last.nextToken,
                    pageBytes: last.byteCount,
                    at: self.sequence.now(),
                    in: self.sequence.dialect
                )
            }
            let fetched = try await self.sequence.fetch(self.cursor)
            self.last = fetched
            return fetched.page
        }
    }
}

extension PageSequence {
    /// Returns the items of all pages.
    package func allItems<Item>() async throws(APIError) -> [Item] where Element == Page<Item> {
        var items: [Item] = []
        var iterator = self.makeAsyncIterator()
        while let page = try await iterator.next() {
            items += page.items
        }
        return items
    }
}

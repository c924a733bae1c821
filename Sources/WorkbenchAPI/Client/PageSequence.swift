// SPDX-License-Identifier: Apache-2.0

/// The pages of a listing, fetched one by one as they are asked for.
///
/// Ends with an `APIError` of kind `protocol` when a token comes back or the pages don't end: a listing is never
/// silently cut short. Nothing is fetched ahead, so a caller that has seen enough just stops.
package struct PageSequence<Element: Sendable>: AsyncSequence, Sendable {
    let operation: APIOperation
    let maximumPages: Int
    /// Fetches the page with that token, an empty one for the first; returns it and the next one's token.
    let fetch: @Sendable (String) async throws(APIError) -> (page: Element, nextToken: String)

    package func makeAsyncIterator() -> Iterator {
        Iterator(sequence: self)
    }

    /// Position in a listing.
    package struct Iterator: AsyncIteratorProtocol {
        private let sequence: PageSequence
        private var seen: Set<String> = []
        /// `nil` after the last page.
        private var token: String? = ""

        init(sequence: PageSequence) {
            self.sequence = sequence
        }

        package mutating func next() async throws(APIError) -> Element? {
            try await self.next(isolation: #isolation)
        }

        package mutating func next(isolation actor: isolated (any Actor)?) async throws(APIError) -> Element? {
            guard let token = self.token else { return nil }
            guard self.seen.insert(token).inserted else {
                throw self.failure("a page token came twice")
            }
            guard self.seen.count <= self.sequence.maximumPages else {
                throw self.failure("more than \(self.sequence.maximumPages) pages")
            }
            let (page, next) = try await self.sequence.fetch(token)
            self.token = next.isEmpty ? nil : next
            return page
        }

        private func failure(_ message: String) -> APIError {
            APIError(.protocol, operation: self.sequence.operation, message: message, outcome: .notApplied)
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

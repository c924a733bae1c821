// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// What a listing is asked for.
package struct Listing: Sendable, Equatable {
    /// Members that each item must have; the server matches substrings, so callers compare again.
    package var filter: [String: String]
    /// Sort keys, `-` in front for descending, such as `-created_at`.
    package var sort: String

    /// Creates a listing's wishes.
    package init(filter: [String: String] = [:], sort: String = "") {
        self.filter = filter
        self.sort = sort
    }

    /// Returns the query without page token.
    func query(pageSize: Int, for operation: APIOperation) throws(APIError) -> [(name: String, value: String)] {
        var query = [(name: "page_size", value: "\(pageSize)")]
        if !self.filter.isEmpty {
            let json = try WorkbenchClient.encode(self.filter, for: operation)
            query.append((name: "search_filter", value: String(decoding: json, as: UTF8.self)))
        }
        if !self.sort.isEmpty {
            query.append((name: "sort", value: self.sort))
        }
        return query
    }
}

extension WorkbenchClient {
    /// Returns the pages of a listing; nothing is fetched yet.
    func pages<Item: ListItem>(
        _ operation: APIOperation,
        _ arguments: [String] = [],
        _ listing: Listing
    ) -> PageSequence<Page<Item>> {
        PageSequence(operation: operation, maximumPages: self.options.maximumPages) { token throws(APIError) in
            var query = try listing.query(pageSize: self.options.pageSize, for: operation)
            if !token.isEmpty {
                query.append((name: "page_token", value: token))
            }
            let page: Page<Item> = try await self.call(Call(operation: operation, arguments: arguments, query: query))
            return (page, page.nextPageToken)
        }
    }
}

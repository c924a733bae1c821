// SPDX-License-Identifier: Apache-2.0

import JSON

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
    func query(pageSize: Int) -> [(name: String, value: String)] {
        var query = [(name: "page_size", value: "\(pageSize)")]
        if !self.filter.isEmpty {
            // In one order always: the pages of a listing must be asked for with the very same filter.
            var writer = JSONWriter(reservingCapacity: 128)
            writer.texts(self.filter)
            query.append((name: "search_filter", value: String(decoding: writer.bytes, as: UTF8.self)))
        }
        if !self.sort.isEmpty {
            query.append((name: "sort", value: self.sort))
        }
        return query
    }
}

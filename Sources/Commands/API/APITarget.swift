// SPDX-License-Identifier: Apache-2.0

import CommandTable
import HTTPValues

/// What `slipway api` is to call, as people write it: with or without a slash in front, with or without a query.
struct APITarget: Equatable {
    /// The path; begins with a slash.
    let path: String
    /// The names and values of the query, decoded.
    let query: [(name: String, value: String)]

    /// Takes a text apart.
    ///
    /// - Throws: `UsageError` for a whole address, a fragment, and escapes that are none.
    init(_ text: String) throws(UsageError) {
        guard !text.contains("://") else {
            throw UsageError("PATH is a path such as /projects; the address comes from workbench.url")
        }
        guard !text.contains("#") else { throw UsageError("PATH can't have a part after '#'") }
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts.first ?? ""
        self.path = path.hasPrefix("/") ? String(path) : "/" + path
        var query: [(name: String, value: String)] = []
        for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = sides.first.flatMap(Self.decoded),
                let value = Self.decoded(sides.count > 1 ? sides[1] : "")
            else { throw UsageError("'\(pair)' has a '%' that no two hexadecimal digits follow") }
            query.append((name, value))
        }
        self.query = query
    }

    static func == (left: APITarget, right: APITarget) -> Bool {
        left.path == right.path && left.query.elementsEqual(right.query) { $0.name == $1.name && $0.value == $1.value }
    }

    private static func decoded(_ text: Substring) -> String? {
        PercentEncoding.decodeStrictly(text.utf8, plusIsSpace: true)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Values

/// Where the reading of a listing stands.
///
/// A listing is never silently cut short: a page token that comes back, too many pages, too many bytes and too much time are
/// errors.
package struct PageCursor: Sendable {
    /// Token of the page that is to be asked for; empty for the first.
    package private(set) var token = ""

    private let operation: APIOperation
    private var seen: Set<String> = [""]
    private var byteCount = 0
    /// When the first page was read.
    private var began: Timestamp?

    /// Creates a cursor before the first page of an operation's listing.
    init(_ operation: APIOperation) { self.operation = operation }

    /// Goes on to the page after one that was read.
    ///
    /// - Parameters:
    ///   - next: The token that the page gave for the one after it; not empty.
    ///   - pageBytes: Length of the answer that held the page.
    ///   - now: When that answer was read.
    ///   - dialect: Holds the limits.
    /// - Throws: `APIError` of kind `protocol`, or `timeout` for one that takes too long, where the listing must not be followed further.
    mutating func advance(to next: String, pageBytes: Int, at now: Timestamp, in dialect: Dialect) throws(APIError) {
        guard !self.seen.contains(next) else { throw self.failure("a page token came twice") }
        guard self.seen.count < dialect.maximumPages else {
            throw self.failure("more than \(dialect.maximumPages) pages")
        }
        self.byteCount += pageBytes
        guard self.byteCount <= dialect.maximumListingBytes else {
            throw self.failure("more than \(dialect.maximumListingBytes) bytes of pages")
        }
        let began = self.began ?? now
        self.began = began
        guard now <= began.advanced(by: dialect.maximumListingTime) else {
            throw self.failure("\(self.seen.count) pages took more than \(dialect.maximumListingTime)", .timeout)
        }
        self.seen.insert(next)
        self.token = next
    }

    private func failure(_ message: String, _ kind: APIError.Kind = .protocol) -> APIError {
        APIError(kind, operation: self.operation, message: message, outcome: .notApplied, author: .workbench)
    }
}

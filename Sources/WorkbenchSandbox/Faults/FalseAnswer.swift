// SPDX-License-Identifier: Apache-2.0

/// An answer that is not the one that the call should have had.
package struct FalseAnswer: Sendable, Equatable {
    /// Who seems to have written it.
    ///
    /// `code` is the workbench's own gateway; all others stand between it and its client.
    package enum Author: String, Sendable, CaseIterable {
        /// The gateway's JSON, with a code.
        case code
        /// JSON without a code, as other gateways answer.
        case json
        /// A line of text: `default backend - 404`.
        case text
        /// A page of HTML, as proxies, firewalls and logins show it.
        case page
        /// No body at all.
        case empty
        /// A redirect to `/login`.
        case redirect

        /// The status that such answers mostly come with.
        var usualStatus: Int {
            switch self {
            case .code, .json: 500
            case .text: 404
            case .page: 502
            case .empty: 200
            case .redirect: 302
            }
        }
    }

    /// Who seems to have written it.
    package var author: Author
    /// Any status, also 200.
    package var status: Int
    /// What it says; `nil` for the usual words.
    package var message: String?
    /// Whether the call is applied all the same.
    package var isApplied = false

    /// Creates an answer; without a status, with the one that such answers mostly come with.
    package init(_ author: Author, status: Int? = nil) {
        self.author = author
        self.status = status ?? author.usualStatus
    }
}

// SPDX-License-Identifier: Apache-2.0

package import HTTPValues

/// The answer to a raw call.
package struct RawResponse: Sendable, Equatable {
    /// HTTP status, 200 to 299.
    package let status: Int
    /// The `Content-Type`, or empty.
    package let contentType: String
    /// The body as received; JSON but for downloads.
    package let body: [UInt8]
}

extension RawResponse: APIAnswer {
    package init(_ response: HTTPResponse, orSay failure: ResponseFailure) {
        self.init(
            status: response.status,
            contentType: response.header("content-type") ?? "",
            body: response.body
        )
    }
}

/// A page of any listing, as received.
struct RawPage: APIAnswer {
    let response: RawResponse
    /// Token of the following page; empty on the last.
    let nextPageToken: String

    init(_ response: HTTPResponse, orSay failure: ResponseFailure) throws(APIError) {
        self.response = RawResponse(response, orSay: failure)
        self.nextPageToken = try PageToken(response, orSay: failure).text
    }

    private struct PageToken: APIObject {
        let text: String

        init(_ fields: Fields) throws(FieldFailure) {
            self.text = try fields.text("next_page_token")
        }
    }
}

extension RequestDraft {
    /// Creates a draft of any operation of the API.
    ///
    /// - Parameters:
    ///   - method: `GET`, `HEAD`, `POST`, `PUT`, `PATCH` or `DELETE`.
    ///   - path: Below `/api/v2` (which may stand in front), percent-encoded where its parts need it, without a query.
    ///   - query: Names and values, not encoded.
    ///   - body: JSON, or `nil` for none.
    init(raw method: String, _ path: String, query: [(name: String, value: String)], body: [UInt8]? = nil) {
        let prefix = "/api/v2/"
        let path = path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count - 1)) : path
        let operation = APIOperation("Raw", method, ServerText.clean(path, limit: 200))
        self.init(operation: operation, query: query, body: body, rawPath: path)
        if !["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].contains(method) {
            self.flaw = "'\(ServerText.clean(method, limit: 20))' is no method of the API"
        } else if !path.hasPrefix("/") || path.contains("?") || path.contains("#") {
            self.flaw = "the path must begin with / and have no query"
        } else if path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) {
            self.flaw = "the path can't have steps such as .."
        }
    }
}

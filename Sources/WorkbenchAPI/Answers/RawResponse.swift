// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPValues

/// The answer to a raw call.
package struct RawResponse: Sendable, Equatable {
    /// HTTP status, 200 to 299.
    package let status: Int
    /// The `Content-Type`, or empty.
    package let contentType: String
    /// The body as received; JSON but for downloads.
    package let body: [UInt8]
}

private struct PageToken: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        self.text = try Fields(decoder).text("next_page_token")
    }
}

extension WorkbenchClient {
    /// Calls any operation of the API.
    ///
    /// - Parameters:
    ///   - method: `GET`, `HEAD`, `POST`, `PUT`, `PATCH` or `DELETE`.
    ///   - path: Below `/api/v2` (which may stand in front), percent-encoded where its parts need it, without a query.
    ///   - query: Names and values, not encoded.
    ///   - body: JSON, or `nil` for none.
    /// - Returns: The answer with its 2xx status.
    /// - Throws: `APIError`; kind `invalid` for a path or method that can't be sent.
    package func raw(
        _ method: String,
        _ path: String,
        query: [(name: String, value: String)] = [],
        body: [UInt8]? = nil
    ) async throws(APIError) -> RawResponse {
        let call = try Self.rawCall(method, path, query: query, body: body)
        return try await self.perform(call) { response, _ throws(APIError) in RawResponse(response) }
    }

    /// Returns all pages of any listing, each as received.
    ///
    /// `page_size` is set unless `query` has it.
    package func rawPages(
        _ path: String,
        query: [(name: String, value: String)] = []
    ) throws(APIError) -> PageSequence<RawResponse> {
        var query = query.filter { $0.name != "page_token" }
        if !query.contains(where: { $0.name == "page_size" }) {
            query.append((name: "page_size", value: "\(self.options.pageSize)"))
        }
        let first = try Self.rawCall("GET", path, query: query, body: nil)
        let operation = first.operation
        return PageSequence(operation: operation, maximumPages: self.options.maximumPages) {
            [query] token throws(APIError) in
            let tokens = token.isEmpty ? [] : [(name: "page_token", value: token)]
            let call = try Self.rawCall("GET", path, query: query + tokens, body: nil)
            return try await self.perform(call) { response, failure throws(APIError) in
                let next = try Self.decode(PageToken.self, from: response, failure)
                return (RawResponse(response), next.text)
            }
        }
    }

    private static func rawCall(
        _ method: String,
        _ path: String,
        query: [(name: String, value: String)],
        body: [UInt8]?
    ) throws(APIError) -> Call {
        let prefix = "/api/v2/"
        let path = path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count - 1)) : path
        let operation = APIOperation("Raw", method, ServerText.clean(path, limit: 200))
        let call = Call(operation: operation, query: query, body: body, rawPath: path)
        guard ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].contains(method) else {
            throw call.refused("'\(ServerText.clean(method, limit: 20))' is no method of the API")
        }
        guard path.hasPrefix("/"), !path.contains("?"), !path.contains("#") else {
            throw call.refused("the path must begin with / and have no query")
        }
        guard !path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) else {
            throw call.refused("the path can't have steps such as ..")
        }
        return call
    }
}

extension RawResponse {
    init(_ response: HTTPResponse) {
        self.init(
            status: response.status,
            contentType: response.header("content-type") ?? "",
            body: response.body
        )
    }
}

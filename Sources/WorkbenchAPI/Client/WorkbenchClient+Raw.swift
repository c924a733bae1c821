// SPDX-License-Identifier: Apache-2.0

extension WorkbenchClient {
    /// Calls any operation of the API.
    ///
    /// - Parameters:
    ///   - method: `GET`, `HEAD`, `POST`, `PUT`, `PATCH` or `DELETE`.
    ///   - path: Below `/api/v2` (which may stand in front), percent-encoded where its parts need it, without a query.
    ///   - query: Names and values, not encoded.
    ///   - body: JSON, or `nil` for none.
    /// - Returns: The answer with its 2xx status, as it came.
    /// - Throws: `APIError`; kind `invalid` for a path or method that can't be sent.
    package func raw(
        _ method: String,
        _ path: String,
        query: [(name: String, value: String)] = [],
        body: [UInt8]? = nil
    ) async throws(APIError) -> RawResponse {
        try await self.perform(Endpoint(RequestDraft(raw: method, path, query: query, body: body)))
    }

    /// Returns all pages of any listing, each as received; nothing is fetched yet.
    ///
    /// `page_size` is set unless `query` has it.
    package func rawPages(
        _ path: String,
        query: [(name: String, value: String)] = []
    ) -> PageSequence<RawResponse> {
        var query = query.filter { $0.name != "page_token" }
        if !query.contains(where: { $0.name == "page_size" }) {
            query.append((name: "page_size", value: "\(self.dialect.pageSize)"))
        }
        let operation = RequestDraft(raw: "GET", path, query: query).operation
        return PageSequence(operation: operation, dialect: self.dialect, now: self.now) {
            [query] cursor throws(APIError) in
            let tokens = cursor.token.isEmpty ? [] : [(name: "page_token", value: cursor.token)]
            let page: RawPage = try await self.perform(
                Endpoint(RequestDraft(raw: "GET", path, query: query + tokens))
            )
            let byteCount = page.response.body.count
            return .init(page: page.response, nextToken: page.nextPageToken, byteCount: byteCount)
        }
    }
}

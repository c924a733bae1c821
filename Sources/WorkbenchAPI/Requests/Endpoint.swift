// SPDX-License-Identifier: Apache-2.0

package import HTTPValues
package import Values

/// One operation of the workbench with all that it takes: one request, and what its response is read as.
package struct Endpoint<Answer: APIAnswer>: Exchange {
    /// What is to be sent.
    package let draft: RequestDraft

    init(_ draft: RequestDraft) { self.draft = draft }

    init(_ operation: APIOperation, _ arguments: [String] = []) {
        self.init(RequestDraft(operation: operation, arguments: arguments))
    }

    package func draft(in dialect: Dialect) -> RequestDraft { self.draft }

    package func received(
        _ response: HTTPResponse,
        in dialect: Dialect,
        now: Timestamp
    ) throws(APIError) -> ExchangeStep<Answer> {
        .ended(try self.answer(in: response, now: now))
    }

    /// Reads the answer out of the one response.
    ///
    /// - Throws: `APIError` as `received` does.
    package func answer(in response: HTTPResponse, now: Timestamp) throws(APIError) -> Answer {
        try ResponseFailure(operation: self.draft.operation, secrets: self.draft.secrets, now: now)
            .answer(in: response)
    }
}

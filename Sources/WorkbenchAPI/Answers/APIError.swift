// SPDX-License-Identifier: Apache-2.0

/// Why a call of the API gave no result.
package struct APIError: Error, Sendable, Equatable {
    /// What went wrong; a closed list, fit for a metric's label.
    package enum Kind: String, Sendable, CaseIterable {
        /// 401, or there is no usable key.
        case unauthorized
        /// 403: a valid key without the right.
        case forbidden
        /// 404 or 410.
        case notFound
        /// 409, or the 500 that stands for a duplicate name.
        case conflict
        /// Any other 4xx, or a request that can't be built.
        case invalid
        /// 429.
        case rateLimited
        /// 500 and other 5xx, said by the workbench itself.
        case serverError
        /// 502, 503, a 500 from a proxy, or no connection.
        case unavailable
        /// 408, 504, or the deadline passed.
        case timeout
        /// An answer that isn't the API's: a redirect, a page, broken or endless JSON.
        case `protocol`
        /// The caller gave up.
        case cancelled
    }

    /// Whether the workbench may have acted on the call.
    package enum Outcome: String, Sendable {
        /// It has not; a reading call is always of this kind.
        case notApplied
        /// It may have, now or later: look before trying again.
        case unknown
    }

    /// Who gave the answer.
    package enum Author: String, Sendable {
        /// The workbench itself: its gateway's JSON with a code, or an answer that it alone can have given.
        case workbench
        /// Somebody in between (a proxy, firewall, ingress or login page), or nobody at all.
        case inBetween
    }

    /// The call that failed.
    package let operation: APIOperation
    /// Who gave the answer: an answer has an author before it has a meaning (rule 12).
    package let author: Author
    /// What went wrong.
    package let kind: Kind
    /// HTTP status, if there was a response.
    package let httpStatus: Int?
    /// gRPC code of the error body, if it had one.
    package let grpcCode: Int?
    /// What the server or the transport says: one line, at most 300 characters, without secrets.
    package let message: String
    /// The response's `x-cdp-request-id` or `x-request-id`.
    package let requestID: String?
    /// How long the server asks to wait, 0 to 24 hours.
    package let retryAfter: Duration?
    /// Whether the workbench may have acted on the call.
    package let outcome: Outcome

    /// Creates an error; `message` must be clean already.
    package init(
        _ kind: Kind,
        operation: APIOperation,
        message: String,
        outcome: Outcome,
        author: Author,
        httpStatus: Int? = nil,
        grpcCode: Int? = nil,
        requestID: String? = nil,
        retryAfter: Duration? = nil
    ) {
        self.kind = kind
        self.operation = operation
        self.message = message
        self.outcome = outcome
        self.author = author
        self.httpStatus = httpStatus
        self.grpcCode = grpcCode
        self.requestID = requestID
        self.retryAfter = retryAfter
    }

    /// Whether the same call may succeed later without anyone changing anything.
    ///
    /// It says nothing about `outcome`: a retryable creating call of unknown outcome needs a look first.
    package var isRetryable: Bool {
        switch self.kind {
        case .rateLimited, .serverError, .unavailable, .timeout: true
        case .conflict: self.grpcCode == GRPCCode.aborted
        case .unauthorized, .forbidden, .notFound, .invalid, .protocol, .cancelled: false
        }
    }
}

extension APIError: CustomStringConvertible {
    /// One line for an operator.
    ///
    /// `CreateModel (POST /projects/{project_id}/models): HTTP 503, unavailable: message (request id; outcome unknown)`.
    package var description: String {
        let status = self.httpStatus.map { "HTTP \($0), " } ?? ""
        var notes: [String] = []
        if let requestID = self.requestID { notes.append("request \(requestID)") }
        if self.outcome == .unknown { notes.append("outcome unknown") }
        let suffix = notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))"
        return "\(self.operation): \(status)\(self.kind.rawValue): \(self.message)\(suffix)"
    }
}

/// The gRPC codes that change what an HTTP status means.
enum GRPCCode {
    static let deadlineExceeded = 4
    static let aborted = 10
    static let unavailable = 14
}

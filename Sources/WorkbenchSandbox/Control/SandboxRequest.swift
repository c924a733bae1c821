// SPDX-License-Identifier: Apache-2.0

/// One HTTP request to the sandbox.
package struct SandboxRequest: Sendable {
    /// In capitals.
    package var method: String
    /// As sent: percent-encoded, without the query.
    package var path: String
    /// As sent, without the question mark.
    package var query: String
    /// The header field `Authorization`.
    package var authorization: String?
    /// The body's bytes.
    package var body: [UInt8]

    /// Creates a request.
    package init(
        method: String,
        path: String,
        query: String = "",
        authorization: String? = nil,
        body: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.authorization = authorization
        self.body = body
    }
}

/// What the client is to get, and when.
package struct SandboxDelivery: Sendable {
    /// How much of the reply is sent.
    package enum Extent: Sendable, Equatable {
        case whole
        /// That many bytes, head included; then the connection closes. Zero: no byte.
        case cut(afterBytes: Int)
    }

    /// Status code.
    package var status: Int
    /// Header fields beside length and date.
    package var headers: [(name: String, value: String)]
    /// The body's bytes.
    package var body: [UInt8]
    /// How much of it is sent.
    package var extent = Extent.whole
    /// How long to wait before that.
    package var delay = Duration.zero
    /// A call that the workbench applies later, whatever the client has got by then.
    package var late: LateCall?

    init(status: Int, body: [UInt8], contentType: String = "application/json") {
        self.status = status
        self.headers = [("Content-Type", contentType)]
        self.body = body
    }

    init(_ failure: APIFailure) {
        self.init(status: failure.status, body: failure.body)
    }
}

/// A call that the workbench takes and applies later.
package struct LateCall: Sendable {
    /// What was sent.
    package let request: SandboxRequest
    /// How long after the request it is applied; then `Sandbox.applyLate` takes it.
    package let after: Duration
    /// What of it is not kept.
    let forgotten: [ForgottenFields]
}

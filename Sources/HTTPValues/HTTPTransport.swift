// SPDX-License-Identifier: Apache-2.0

/// Sends one request and returns its response: the seam between API clients and the network.
package protocol HTTPTransport: Sendable {
    /// Makes one attempt.
    ///
    /// Cancelling the task ends the transfer and throws `HTTPFailure` of kind `cancelled`.
    ///
    /// - Throws: `HTTPFailure`; any HTTP status, also 5xx, is a response and not a failure.
    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse
}

/// One HTTP request.
package struct HTTPRequest: Sendable {
    /// Method in capitals: `GET`, `POST`, ...
    package var method: String
    /// Absolute URL, already percent-encoded.
    package var url: String
    /// Header fields in the order in which they are sent.
    package var headers: [(name: String, value: String)]
    /// Body, or `nil` for none.
    package var body: [UInt8]?
    /// Time from the start of the attempt to the last byte of the response.
    package var timeout: Duration
    /// A longer response body ends the transfer with a failure of kind `responseTooLarge`.
    package var maximumResponseBytes: Int
    /// Whether the library may silently send the request again on a fresh connection; `false` for a creating call.
    package var isRepeatable: Bool

    /// Creates a request.
    package init(
        method: String,
        url: String,
        headers: [(name: String, value: String)] = [],
        body: [UInt8]? = nil,
        timeout: Duration = .seconds(30),
        maximumResponseBytes: Int = 16 << 20,
        isRepeatable: Bool? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.maximumResponseBytes = maximumResponseBytes
        self.isRepeatable = isRepeatable ?? (method == "GET" || method == "HEAD")
    }
}

/// One HTTP response, whole.
package struct HTTPResponse: Sendable {
    /// Status code, such as 200.
    package var status: Int
    /// Header fields as received; to look for one, `header` is cheaper.
    package var headers: [(name: String, value: String)] {
        get { self.fields.pairs }
        set { self.fields = HTTPFields(newValue) }
    }
    private var fields: HTTPFields
    /// Body bytes.
    package var body: [UInt8]

    /// Creates a response.
    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.init(status: status, fields: HTTPFields(headers), body: body)
    }

    /// Creates a response whose header fields are read when somebody asks for them.
    package init(status: Int, fields: HTTPFields, body: [UInt8]) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// The value of the first header field of that name, compared without regard to ASCII case.
    package func header(_ name: String) -> String? {
        self.fields[name]
    }
}

/// Why an attempt gave no response.
package struct HTTPFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong; a closed list, fit for a metric's label.
    package enum Kind: String, Sendable, CaseIterable {
        case invalidRequest, resolve, connect, proxy, tls, timeout, cut
        case responseTooLarge, malformedResponse, cancelled, closed, notStarted
    }

    /// What went wrong.
    package var kind: Kind
    /// Whether the server can have received the request, so that it may have acted on it.
    ///
    /// `false` is certain.
    package var mayHaveBeenSent: Bool
    /// One line for an operator; no header values, no body, no query.
    package var message: String

    /// Creates a failure.
    package init(kind: Kind, mayHaveBeenSent: Bool, message: String) {
        self.kind = kind
        self.mayHaveBeenSent = mayHaveBeenSent
        self.message = message
    }

    /// `timeout: message (may have been sent)`.
    package var description: String {
        "\(self.kind.rawValue): \(self.message)\(self.mayHaveBeenSent ? " (may have been sent)" : "")"
    }
}

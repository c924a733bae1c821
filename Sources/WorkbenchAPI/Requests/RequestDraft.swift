// SPDX-License-Identifier: Apache-2.0

package import HTTPValues
import Values

/// One request of an operation: what is to be sent, but for the workbench's address, its ways and the key.
package struct RequestDraft: Sendable {
    /// Who is asked.
    enum Service: Sendable { case api, modelService }

    /// What is asked for.
    package let operation: APIOperation
    /// Values of the placeholders of the operation's template, in their order.
    var arguments: [String] = []
    var query: [(name: String, value: String)] = []
    var body: [UInt8]?
    /// Texts besides the API key that must not come back in an error.
    var secrets: [Secret] = []
    /// Time for this request, where it isn't the usual one.
    var timeout: Duration?
    /// Longest answer taken, where it isn't the usual one.
    var maximumResponseBytes: Int?
    /// Path of a raw call, percent-encoded by its writer, in place of the template.
    var rawPath: String?
    var service = Service.api
    /// Whether the API key is to be added by whoever sends it.
    package var usesAPIKey = true
    /// Why it can't be sent, where that was found while it was drafted; without a value, which may be a secret.
    var flaw: String?
}

extension RequestDraft {
    /// Creates a draft of a request with a body.
    init(_ operation: APIOperation, _ arguments: [String] = [], body: some RequestBody) {
        self.init(operation: operation, arguments: arguments)
        do throws(FieldFailure) {
            self.body = try body.bytes()
        } catch {
            self.flaw = "the request can't be written: \(error.path.joined(separator: "."))"
        }
    }
}

// MARK: What is sent

extension RequestDraft {
    /// Returns the request as this workbench wants it.
    ///
    /// - Throws: `APIError` of kind `invalid` for what can't be written or would change the path's meaning.
    package func planned(in dialect: Dialect) throws(APIError) -> PlannedSend {
        if let flaw = self.flaw { throw self.refused(flaw) }
        var headers = [
            (name: "Accept", value: "application/json"),
            (name: "User-Agent", value: dialect.userAgent),
        ]
        if self.body != nil {
            headers.append((name: "Content-Type", value: "application/json"))
        }
        let root =
            switch self.service {
            case .api: dialect.apiRoot
            case .modelService: dialect.modelServiceRoot
            }
        let request = HTTPRequest(
            method: self.operation.method,
            url: try self.url(root: root),
            headers: headers,
            body: self.body,
            timeout: self.timeout ?? dialect.requestTimeout,
            maximumResponseBytes: self.maximumResponseBytes ?? dialect.maximumResponseBytes
        )
        let mayHaveKey = self.service == .api || dialect.sendsKeyToModelService
        return PlannedSend(operation: self.operation, request: request, usesAPIKey: self.usesAPIKey && mayHaveKey)
    }

    private func url(root: String) throws(APIError) -> String {
        var url = root
        url.reserveCapacity(root.utf8.count + 256)
        if let path = self.rawPath {
            PercentEncoding.appendPath(path, to: &url)
            self.appendQuery(to: &url)
            return url
        }
        var arguments = self.arguments.makeIterator()
        var rest = self.operation.template.utf8[...]
        while let open = rest.firstIndex(of: UInt8(ascii: "{")),
            let close = rest[open...].firstIndex(of: UInt8(ascii: "}"))
        {
            url += Substring(rest[..<open])
            let argument = arguments.next() ?? ""
            // An empty id would turn "get one" into "list all"; dots are steps in a path however they are encoded.
            guard !argument.isEmpty, argument != ".", argument != ".." else {
                throw self.refused("'\(ServerText.clean(argument))' is no value for \(Substring(rest[open...close]))")
            }
            PercentEncoding.append(argument, to: &url)
            rest = rest[rest.index(after: close)...]
        }
        url += Substring(rest)
        self.appendQuery(to: &url)
        return url
    }

    private func appendQuery(to url: inout String) {
        var separator = "?"
        for (name, value) in self.query {
            url += separator
            PercentEncoding.append(name, to: &url)
            url += "="
            PercentEncoding.append(value, to: &url)
            separator = "&"
        }
    }

    private func refused(_ message: String) -> APIError {
        APIError(.invalid, operation: self.operation, message: message, outcome: .notApplied, author: .workbench)
    }
}

// MARK: What it means that there is no answer

extension RequestDraft {
    /// The error for an attempt that gave no response.
    package func error(for failure: HTTPFailure) -> APIError {
        ResponseFailure.error(for: failure, of: self.operation, hiding: self.secrets)
    }

    /// The error for a request that was not sent, since there was no key to send it with.
    package func error(for failure: CredentialFailure) -> APIError {
        APIError(
            .unauthorized,
            operation: self.operation,
            message: ServerText.clean(failure.description, hiding: self.secrets),
            outcome: .notApplied,
            author: .workbench
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import JSON
import Values

/// Turns what came back, or did not, into an answer or an `APIError`: the one place that knows what a status means.
package struct ResponseFailure: Sendable {
    let operation: APIOperation
    /// What must not come back in a message; the API key is gone from responses already.
    let secrets: [Secret]
    /// Our own time, for a `Retry-After` date.
    let now: Timestamp

    init(operation: APIOperation, secrets: [Secret] = [], now: Timestamp) {
        self.operation = operation
        self.secrets = secrets
        self.now = now
    }

    /// Reads the answer out of a response.
    ///
    /// - Throws: `APIError` for another status than 2xx, and for a body that isn't what the operation answers.
    func answer<Answer: APIAnswer>(in response: HTTPResponse) throws(APIError) -> Answer {
        guard response.isSuccess else { throw self.error(for: response) }
        return try Answer(response, orSay: self)
    }

    /// The error for a response whose status isn't 2xx.
    func error(for response: HTTPResponse) -> APIError {
        let body = ErrorBody(response.body)
        let isDuplicate = self.isDuplicateName(response.status, body.message)
        let isOwn = body.isOfGateway || isDuplicate || self.operation == .callModel && body.isOfService
        let author: APIError.Author = isOwn ? .workbench : .inBetween
        return APIError(
            isDuplicate ? .conflict : self.kind(of: response.status, grpcCode: body.grpcCode),
            operation: self.operation,
            message: self.message(for: response, saying: body.message),
            outcome: isDuplicate ? .notApplied : self.outcome(of: response.status, by: author),
            author: author,
            httpStatus: response.status,
            grpcCode: body.grpcCode,
            requestID: self.requestID(of: response),
            retryAfter: response.header("retry-after").flatMap {
                RetryAfter.wait($0, date: response.header("date"), now: self.now)
            }
        )
    }

    /// The error for an attempt that gave no response.
    static func error(for failure: HTTPFailure, of operation: APIOperation, hiding secrets: [Secret]) -> APIError {
        APIError(
            Self.kind(of: failure.kind),
            operation: operation,
            message: ServerText.clean("\(failure.kind.rawValue): \(failure.message)", hiding: secrets),
            outcome: operation.effect == .write && failure.mayHaveBeenSent ? .unknown : .notApplied,
            // A request that was never built, or was given up here, says nothing of anybody else.
            author: failure.kind == .invalidRequest ? .workbench : .inBetween
        )
    }

    /// The JSON of a 2xx response's body.
    ///
    /// - Throws: `APIError` of kind `protocol` for a body that is none.
    func json(of response: HTTPResponse) throws(APIError) -> JSONValue {
        do throws(JSONFailure) {
            return try JSONValue(answer: response.body)
        } catch {
            throw self.error(forBodyOf: response, problem: FieldFailure(error.description))
        }
    }

    /// The error for a 2xx response that isn't what the API answers.
    ///
    /// A creating call of this kind may well have been applied, so its outcome is unknown.
    func error(forBodyOf response: HTTPResponse, problem: FieldFailure) -> APIError {
        var message = "the answer can't be read\(problem.path.isEmpty ? ": " : " at ")\(problem)"
        if response.body.isEmpty {
            message = "the answer is empty"
        } else if ErrorBody.isCompressed(response.body) {
            message = "the answer is \(ErrorBody.compressed)"
        } else if ErrorBody.isPage(response.body) {
            let title = ErrorBody.title(of: response.body).map { " titled '\($0)'" } ?? ""
            message = "the answer is a page\(title), not JSON: is this the workbench's address, or a login page?"
        }
        return APIError(
            .protocol,
            operation: self.operation,
            message: self.clean(message),
            outcome: self.operation.effect == .write ? .unknown : .notApplied,
            author: .inBetween,
            httpStatus: response.status,
            requestID: self.requestID(of: response)
        )
    }

    /// The header fields that name a request, the better one first; of a 2xx response no others are read.
    static let requestIDFields = ["x-cdp-request-id", "x-request-id"]

    private func kind(of status: Int, grpcCode: Int?) -> APIError.Kind {
        switch status {
        case 401, 407: .unauthorized
        case 403: .forbidden
        case 404, 410: .notFound
        case 409: .conflict
        case 408, 504: .timeout
        case 429: .rateLimited
        case 400...499: .invalid
        case 502, 503: .unavailable
        case 500...599:
            switch grpcCode {
            case GRPCCode.unavailable?: .unavailable
            case GRPCCode.deadlineExceeded?: .timeout
            case .some: .serverError
            // The workbench always says a code: without one, something in front of it gave up.
            case nil: status == 500 ? .unavailable : .serverError
            }
        default: .protocol
        }
    }

    private func outcome(of status: Int, by author: APIError.Author) -> APIError.Outcome {
        guard self.operation.effect == .write else { return .notApplied }
        switch status {
        case 408: return .unknown
        // Asked for before anything is passed on.
        case 401, 407, 429: return .notApplied
        // A firewall may look at answers, too, and replace what the workbench has said of a call that it made.
        case 400...499 where author == .inBetween: return .unknown
        case 400...499: return .notApplied
        default: return .unknown
        }
    }

    /// The workbench answers 500 for a model name that the project already has.
    private func isDuplicateName(_ status: Int, _ message: String) -> Bool {
        guard status == 500, self.operation == .createModel else { return false }
        return message.lowercased().contains("already has a model with that name")
    }

    static func kind(of kind: HTTPFailure.Kind) -> APIError.Kind {
        switch kind {
        case .resolve, .connect, .proxy, .tls, .cut: .unavailable
        case .timeout: .timeout
        case .responseTooLarge, .malformedResponse: .protocol
        case .invalidRequest: .invalid
        case .cancelled, .closed, .notStarted: .cancelled
        }
    }

    private func message(for response: HTTPResponse, saying text: String) -> String {
        if (300...399).contains(response.status) {
            let place = response.header("location").map { " to \($0.prefix { $0 != "?" && $0 != "#" })" } ?? ""
            return self.clean("redirected\(place): is this the workbench's address, or a login page?")
        }
        let text = self.clean(text)
        return text.isEmpty ? "no reason given" : text
    }

    private func requestID(of response: HTTPResponse) -> String? {
        guard let id = Self.requestIDFields.lazy.compactMap({ response.header($0) }).first, !id.isEmpty else {
            return nil
        }
        return ServerText.clean(id, limit: 100, hiding: self.secrets)
    }

    private func clean(_ text: String) -> String {
        ServerText.clean(text, hiding: self.secrets)
    }
}

extension HTTPResponse {
    /// Whether its status says that the request succeeded.
    var isSuccess: Bool { (200...299).contains(self.status) }
}

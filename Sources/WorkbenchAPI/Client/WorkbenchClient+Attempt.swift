// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPValues
import Values

/// Reads the body of a 2xx response.
typealias ResponseDecoder<Value> = (HTTPResponse, ResponseFailure) throws(APIError) -> Value

extension WorkbenchClient {
    /// Makes a call and decodes its JSON.
    func call<Value: Decodable>(
        _ call: Call,
        returning type: Value.Type = Value.self
    ) async throws(APIError) -> Value {
        try await self.perform(call) { response, failure throws(APIError) in
            try Self.decode(type, from: response, failure)
        }
    }

    /// Makes a call and hands its 2xx response to `decode`; the observer hears of it once, whatever happens.
    func perform<Value>(_ call: Call, decoding decode: ResponseDecoder<Value>) async throws(APIError) -> Value {
        let start = ContinuousClock.now
        var status: Int?
        var failure: APIError.Kind?
        defer {
            let duration = ContinuousClock.now - start
            self.options.observer(
                CallRecord(operation: call.operation, status: status, failure: failure, duration: duration)
            )
        }
        do throws(APIError) {
            let (response, context) = try await self.attempt(call)
            status = response.status
            return try decode(response, context)
        } catch {
            status = error.httpStatus
            failure = error.kind
            throw error
        }
    }

    private func attempt(_ call: Call) async throws(APIError) -> (HTTPResponse, ResponseFailure) {
        let key = try self.key(for: call.operation)
        let failure = ResponseFailure(
            operation: call.operation,
            secrets: [key] + call.secrets,
            now: self.options.now
        )
        let request = try self.request(for: call, key: key)
        let response: HTTPResponse
        do {
            response = try await self.transport.send(request)
        } catch {
            throw failure.error(for: error)
        }
        guard (200...299).contains(response.status) else { throw failure.error(for: response) }
        return (response, failure)
    }

    private func key(for operation: APIOperation) throws(APIError) -> Secret {
        do {
            return try self.credentials.bearerToken()
        } catch {
            throw APIError(
                .unauthorized,
                operation: operation,
                message: ServerText.clean(error.description),
                outcome: .notApplied
            )
        }
    }

    private func request(for call: Call, key: Secret) throws(APIError) -> HTTPRequest {
        var headers = [
            (name: "Authorization", value: "Bearer \(key.reveal())"),
            (name: "Accept", value: "application/json"),
            (name: "User-Agent", value: self.options.userAgent),
        ]
        if call.body != nil {
            headers.append((name: "Content-Type", value: "application/json"))
        }
        let root =
            switch call.service {
            case .api: self.apiRoot
            case .modelService: self.modelServiceRoot
            }
        return HTTPRequest(
            method: call.operation.method,
            url: try call.url(root: root),
            headers: headers,
            body: call.body,
            timeout: call.timeout ?? self.options.requestTimeout,
            maximumResponseBytes: self.options.maximumResponseBytes
        )
    }

    /// Decodes a body, or says why it isn't what the API answers.
    static func decode<Value: Decodable>(
        _ type: Value.Type,
        from response: HTTPResponse,
        _ failure: ResponseFailure
    ) throws(APIError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(response.body))
        } catch {
            throw failure.error(forBody: response.body, of: response, problem: Self.problem(error))
        }
    }

    private static func problem(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "the answer can't be read: \(error)" }
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
            let place = path.isEmpty ? "" : " at \(path.joined(separator: "."))"
            return "the answer can't be read\(place): \(context.debugDescription)"
        @unknown default:
            return "the answer can't be read"
        }
    }

    /// Encodes a request's body.
    static func encode(_ body: some Encodable, for operation: APIOperation) throws(APIError) -> [UInt8] {
        do {
            let encoder = JSONEncoder()
            // In one order always: the pages of a listing must be asked for with the very same filter.
            encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
            return [UInt8](try encoder.encode(body))
        } catch {
            let message = "the request can't be written: \(Self.encodingProblem(error))"
            throw APIError(.invalid, operation: operation, message: message, outcome: .notApplied)
        }
    }

    private static func encodingProblem(_ error: any Error) -> String {
        // The value itself may be a secret: only its place is said.
        guard case EncodingError.invalidValue(_, let context) = error else { return "unknown reason" }
        return context.codingPath.map(\.stringValue).joined(separator: ".")
    }
}

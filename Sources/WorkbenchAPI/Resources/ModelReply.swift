// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPValues
package import Values

/// What a deployed model answered.
package struct ModelReply: Sendable, Equatable {
    /// Whether the model service calls it a success; an answer that doesn't say counts as one if it has no errors.
    package let isSuccess: Bool
    /// Whether there is a `response` that isn't `null`.
    package let hasResponse: Bool
    /// The model's complaint: one line, at most 300 characters; empty on success.
    package let errorMessage: String
    /// The whole answer: a JSON object whose member `response` is the model's own.
    package let body: [UInt8]
}

private struct ReplyEnvelope: Decodable {
    let success: Bool?
    let hasResponse: Bool
    let errors: String

    init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        self.success = try fields.isPresent("success") ? try fields.flag("success") : nil
        self.hasResponse = try fields.isPresent("response")
        guard try fields.isPresent("errors") else {
            self.errors = ""
            return
        }
        let errors: ServiceErrors?
        do {
            errors = try fields.object("errors")
        } catch is DecodingError {
            // Some other shape: that there are errors is what counts.
            errors = nil
        }
        self.errors = errors.flatMap { $0.text.isEmpty ? nil : $0.text } ?? "errors in an unknown form"
    }
}

extension APIOperation {
    // A prediction changes nothing on the workbench, though it is a POST.
    static let callModel = APIOperation("CallModel", "POST", "/model", effect: .read)
}

extension WorkbenchClient {
    /// Calls a deployed model.
    ///
    /// - Parameters:
    ///   - accessKey: The model's access key.
    ///   - request: JSON of the model's own, such as `{"dataframe_split": {...}}`; at most 5 MB is accepted.
    ///   - timeout: Time for the call; default 30 s, which is also the service's own.
    /// - Returns: The answer, also where the model itself complains.
    /// - Throws: `APIError`; kind `rateLimited` when all replicas are busy, `invalid` when `request` isn't JSON.
    package func callModel(
        accessKey: Secret,
        request: [UInt8],
        timeout: Duration? = nil
    ) async throws(APIError) -> ModelReply {
        let operation = APIOperation.callModel
        let key = try Self.encode(accessKey.reveal(), for: operation)
        var call = Call(operation: operation, secrets: [accessKey], timeout: timeout, service: .modelService)
        guard Self.isJSON(request) else { throw call.refused("the sample request isn't JSON") }
        call.body = Array(#"{"accessKey":"#.utf8) + key + Array(#","request":"#.utf8) + request + [UInt8(ascii: "}")]
        return try await self.perform(call) { response, failure throws(APIError) in
            let envelope = try Self.decode(ReplyEnvelope.self, from: response, failure)
            return ModelReply(
                isSuccess: envelope.success ?? envelope.errors.isEmpty,
                hasResponse: envelope.hasResponse,
                errorMessage: ServerText.clean(envelope.errors, hiding: failure.secrets),
                body: response.body
            )
        }
    }

    private static func isJSON(_ bytes: [UInt8]) -> Bool {
        // Decoding nothing of it still reads all of it: a text that isn't JSON would change the envelope's meaning.
        (try? JSONDecoder().decode(AnyJSON.self, from: Data(bytes))) != nil
    }
}

private struct AnyJSON: Decodable {
    init(from decoder: any Decoder) throws {}
}

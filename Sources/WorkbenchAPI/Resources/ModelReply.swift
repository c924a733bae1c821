// SPDX-License-Identifier: Apache-2.0

package import HTTPValues
import JSON
package import Values

/// What a deployed model answered.
package struct ModelReply: Sendable, Equatable {
    /// Whether the model service calls it a success; an answer that doesn't say counts as one if it has no errors.
    package let isSuccess: Bool
    /// Whether it says anything that the model service says: `success`, `response` or `errors`.
    package let isOfService: Bool
    /// Whether there is a `response` that isn't `null`.
    package let hasResponse: Bool
    /// The model's complaint: one line, at most 300 characters; empty on success.
    package let errorMessage: String
    /// The whole answer: a JSON object whose member `response` is the model's own.
    package let body: [UInt8]
}

extension ModelReply: APIAnswer {
    package init(_ response: HTTPResponse, orSay failure: ResponseFailure) throws(APIError) {
        let value = try failure.json(of: response)
        let envelope: ReplyEnvelope
        do throws(FieldFailure) {
            envelope = try ReplyEnvelope(try Fields(value))
        } catch {
            throw failure.error(forBodyOf: response, problem: error)
        }
        self.init(
            isSuccess: envelope.success ?? envelope.errors.isEmpty,
            isOfService: envelope.isOfService,
            hasResponse: envelope.hasResponse,
            errorMessage: ServerText.clean(envelope.errors, hiding: failure.secrets),
            body: response.body
        )
    }
}

private struct ReplyEnvelope {
    let success: Bool?
    let isOfService: Bool
    let hasResponse: Bool
    let errors: String

    init(_ fields: Fields) throws(FieldFailure) {
        self.success = fields.isPresent("success") ? try fields.flag("success") : nil
        self.hasResponse = fields.isPresent("response")
        self.isOfService = ["success", "response", "errors"].contains { fields.names.contains($0) }
        guard let errors = fields.value("errors") else {
            self.errors = ""
            return
        }
        // Of some other shape: that there are errors is what counts.
        let text = (try? ServiceErrors(errors))?.text ?? ""
        self.errors = text.isEmpty ? "errors in an unknown form" : text
    }
}

extension APIOperation {
    // A prediction changes nothing on the workbench, though it is a POST.
    package static let callModel = APIOperation("CallModel", "POST", "/model", effect: .read)
}

extension Exchange where Self == Endpoint<ModelReply> {
    /// A prediction of one sample is small, and the model's own code writes it.
    private static var maximumReplyBytes: Int { 1 << 20 }

    /// Calls a deployed model.
    ///
    /// Refused with kind `rateLimited` when all replicas are busy; kind `invalid` when `request` isn't JSON.
    ///
    /// - Parameters:
    ///   - accessKey: The model's access key; hidden in what an error says.
    ///   - isAuthenticated: Whether the model's authentication is on. Where it is off, nobody needs the API key: what the
    ///     service hands on to the model's own code would be read there.
    ///   - request: JSON of the model's own, such as `{"dataframe_split": {...}}`; at most 5 MB is accepted.
    ///   - timeout: Time for the call; default: the usual one, which is also the service's own.
    /// - Returns: An exchange that brings the answer, also where the model itself complains.
    package static func callModel(
        accessKey: Secret,
        isAuthenticated: Bool = true,
        request: [UInt8],
        timeout: Duration? = nil
    ) -> Self {
        var draft = RequestDraft(
            operation: .callModel,
            secrets: [accessKey],
            timeout: timeout,
            maximumResponseBytes: Self.maximumReplyBytes,
            service: .modelService,
            usesAPIKey: isAuthenticated
        )
        // A text that isn't JSON would change the envelope's meaning.
        guard (try? JSONValue(answer: request)) != nil else {
            draft.flaw = "the sample request isn't JSON"
            return Endpoint(draft)
        }
        var writer = JSONWriter(reservingCapacity: 128 + request.count)
        writer.string(accessKey.reveal())
        draft.body =
            Array(#"{"accessKey":"#.utf8) + writer.bytes + Array(#","request":"#.utf8) + request + [UInt8(ascii: "}")]
        return Endpoint(draft)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// What the workbench says of the API key.
package struct KeyValidation: Decodable, Sendable, Equatable {
    /// What a key is good for.
    package enum Audience: String, Encodable, Sendable {
        case api = "API"
        case application = "Application"
    }

    /// Whether the key is good; an answer that doesn't say so counts as no.
    package let isValid: Bool
    /// User whose key it is.
    package let username: String
    /// The workbench's words.
    package let message: String

    package init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        self.isValid = try fields.flag("valid")
        self.username = try fields.text("username")
        self.message = ServerText.clean(try fields.text("message"))
    }
}

private struct KeyValidationRequest: Encodable {
    let audience: KeyValidation.Audience
}

extension APIOperation {
    package static let validateKey = APIOperation("ValidateAPIKey", "POST", "/auth/validate_key", effect: .read)
}

extension WorkbenchClient {
    /// Asks whether the key is good; also the cheapest probe of the way to the workbench.
    ///
    /// - Throws: `APIError` of kind `unauthorized` for a bad key, `forbidden` for one of another audience.
    package func validateKey(audience: KeyValidation.Audience = .api) async throws(APIError) -> KeyValidation {
        let operation = APIOperation.validateKey
        let body = try Self.encode(KeyValidationRequest(audience: audience), for: operation)
        return try await self.call(Call(operation: operation, body: body))
    }
}

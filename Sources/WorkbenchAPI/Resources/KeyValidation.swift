// SPDX-License-Identifier: Apache-2.0

import JSON

/// What the workbench says of the API key.
package struct KeyValidation: APIObject, Sendable, Equatable {
    /// What a key is good for.
    package enum Audience: String, Sendable {
        case api = "API"
        case application = "Application"
    }

    /// Whether the key is good; an answer that doesn't say so counts as no.
    package let isValid: Bool
    /// User whose key it is.
    package let username: String
    /// The workbench's words.
    package let message: String

    package init(_ fields: Fields) throws(FieldFailure) {
        self.isValid = try fields.flag("valid")
        self.username = try fields.text("username")
        self.message = ServerText.clean(try fields.text("message"))
    }
}

private struct KeyValidationRequest: RequestBody {
    let audience: KeyValidation.Audience

    func write(to writer: inout JSONWriter) { writer.field("audience", self.audience.rawValue) }
}

extension APIOperation {
    package static let validateKey = APIOperation("ValidateAPIKey", "POST", "/auth/validate_key", effect: .read)
}

extension Exchange where Self == Endpoint<KeyValidation> {
    /// Asks whether the key is good; also the cheapest probe of the way to the workbench.
    ///
    /// Refused with kind `unauthorized` for a bad key, `forbidden` for one of another audience.
    package static func validateKey(audience: KeyValidation.Audience = .api) -> Self {
        Endpoint(RequestDraft(.validateKey, body: KeyValidationRequest(audience: audience)))
    }
}

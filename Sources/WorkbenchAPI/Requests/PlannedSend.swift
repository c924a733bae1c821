// SPDX-License-Identifier: Apache-2.0

package import HTTPValues
package import Values

/// One request that is to be sent now, whole but for the API key.
package struct PlannedSend: Sendable {
    /// What is asked for; its `id` is fit for a metric's label.
    package let operation: APIOperation
    /// The request without an `Authorization` field.
    package var request: HTTPRequest
    /// Whether the API key is to be added.
    package let usesAPIKey: Bool

    /// Returns the request with `key`, which must be fit for a header field, in its `Authorization` field.
    ///
    /// Whoever sends it also takes the key out of what comes back, see `Redaction`.
    package func request(with key: Secret) -> HTTPRequest {
        var request = self.request
        request.headers.insert((name: "Authorization", value: "Bearer \(key.reveal())"), at: 0)
        return request
    }
}

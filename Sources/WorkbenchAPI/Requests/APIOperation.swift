// SPDX-License-Identifier: Apache-2.0

/// One operation of the API, as it is named in errors and metrics.
///
/// Everything in it comes from a fixed list, but for the template of a raw call.
package struct APIOperation: Sendable, Hashable, CustomStringConvertible {
    /// Whether a call can change anything on the workbench.
    package enum Effect: Sendable, Hashable { case read, write }

    /// The operation id of the API's own description, such as `CreateModelBuild`; fit for a metric's label.
    package let id: String
    /// HTTP method.
    package let method: String
    /// Path with placeholders, such as `/projects/{project_id}/models`.
    package let template: String
    /// Whether a call can change anything.
    package let effect: Effect

    /// Creates an operation; `effect` defaults to `read` for `GET` and `HEAD` only.
    package init(_ id: String, _ method: String, _ template: String, effect: Effect? = nil) {
        self.id = id
        self.method = method
        self.template = template
        self.effect = effect ?? (method == "GET" || method == "HEAD" ? .read : .write)
    }

    /// `CreateModelBuild (POST /projects/{project_id}/models/{model_id}/builds)`.
    package var description: String { "\(self.id) (\(self.method) \(self.template))" }
}

// SPDX-License-Identifier: Apache-2.0

/// One ended request, for metrics.
package struct CallRecord: Sendable, Equatable {
    /// What was called; its `id` is fit for a label.
    package let operation: APIOperation
    /// HTTP status, if there was a response.
    package let status: Int?
    /// Class of the failure, or `nil` for success.
    package let failure: APIError.Kind?
    /// From before the key was read until the answer was decoded, or had come where somebody else decodes it.
    package let duration: Duration
}

/// Told of every request as it ends, once; it runs on the calling task and must be quick.
package typealias CallObserver = @Sendable (CallRecord) -> Void

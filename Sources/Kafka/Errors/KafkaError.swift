// SPDX-License-Identifier: Apache-2.0

/// What went wrong at the brokers or in librdkafka, and what the caller may do.
package struct KafkaError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was being done, such as "commit transaction".
    package let operation: String
    /// librdkafka's name of the code, such as `ILLEGAL_GENERATION`; its own codes begin with an underscore.
    ///
    /// Bounded, so fit for a metric label.
    package let code: String
    /// What librdkafka or the broker said; no secret property's value.
    package let message: String
    /// Whether the client that met it is unusable from now on.
    package let isFatal: Bool
    /// Whether the same call may simply be made again.
    package let isRetriable: Bool
    /// Whether the current transaction must be aborted.
    package let requiresAbort: Bool
    /// librdkafka's number of the code, for the queries.
    let number: Int32

    init(
        operation: String,
        code: String,
        number: Int32,
        message: String,
        isFatal: Bool = false,
        isRetriable: Bool = false,
        requiresAbort: Bool = false
    ) {
        self.operation = operation
        self.code = code
        self.number = number
        self.message = message
        self.isFatal = isFatal
        self.isRetriable = isRetriable
        self.requiresAbort = requiresAbort
    }

    package var description: String { "\(self.operation): \(self.message) (\(self.code))" }
}

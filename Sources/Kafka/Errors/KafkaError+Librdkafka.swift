// SPDX-License-Identifier: Apache-2.0

import CRdkafka

extension KafkaError {
    /// Names a bare code.
    init(_ code: rd_kafka_resp_err_t, operation: String, message: String? = nil, isFatal: Bool = false) {
        self.init(
            operation: operation,
            code: String(cString: rd_kafka_err2name(code)),
            number: code.rawValue,
            message: message ?? String(cString: rd_kafka_err2str(code)),
            isFatal: isFatal
        )
    }

    /// Takes over an error object and frees it.
    ///
    /// A fatal one tells only that it is fatal; the client knows the cause.
    init(consuming error: OpaquePointer, operation: String, client: OpaquePointer) {
        defer { rd_kafka_error_destroy(error) }
        if rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__FATAL, let cause = Self.fatal(client, operation: operation)
        {
            self = cause
            return
        }
        self.init(
            operation: operation,
            code: String(cString: rd_kafka_error_name(error)),
            number: rd_kafka_error_code(error).rawValue,
            message: String(cString: rd_kafka_error_string(error)),
            isFatal: rd_kafka_error_is_fatal(error) != 0,
            isRetriable: rd_kafka_error_is_retriable(error) != 0,
            requiresAbort: rd_kafka_error_txn_requires_abort(error) != 0
        )
    }

    /// Returns the fatal error of a client, or `nil` while it has none.
    static func fatal(_ client: OpaquePointer, operation: String) -> Self? {
        let (code, text) = withErrorText { rd_kafka_fatal_error(client, $0, $1) }
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        return Self(code, operation: operation, message: text, isFatal: true)
    }

    /// What is being done when librdkafka takes the properties or refuses them.
    static let createClient = "create client"

    /// Says that the client was closed before or while it was asked.
    static func closed(operation: String) -> Self {
        Self(RD_KAFKA_RESP_ERR__DESTROY, operation: operation, message: "the client is closed")
    }

    /// Says that the time given was up.
    static func timedOut(operation: String) -> Self { Self(RD_KAFKA_RESP_ERR__TIMED_OUT, operation: operation) }

    /// Says that the caller's task was cancelled.
    static func interrupted(operation: String) -> Self {
        Self(RD_KAFKA_RESP_ERR__INTR, operation: operation, message: "cancelled")
    }

    /// Says that the caller asked for something impossible.
    package static func invalid(operation: String, message: String) -> Self {
        Self(RD_KAFKA_RESP_ERR__INVALID_ARG, operation: operation, message: message)
    }

    /// Returns the same error with another text.
    func saying(_ message: String) -> Self {
        Self(
            operation: self.operation,
            code: self.code,
            number: self.number,
            message: message,
            isFatal: self.isFatal,
            isRetriable: self.isRetriable,
            requiresAbort: self.requiresAbort
        )
    }

    /// Returns the code of that name, or `nil` when librdkafka has none.
    static func code(named name: String) -> rd_kafka_resp_err_t? {
        var descriptions: UnsafePointer<rd_kafka_err_desc>?
        var count = 0
        rd_kafka_get_err_descs(&descriptions, &count)
        return UnsafeBufferPointer(start: descriptions, count: count)
            .first { $0.name.map { String(cString: $0) == name } ?? false }?.code
    }
}

/// Lends a buffer for librdkafka's error text; returns what `body` returned and the text written.
func withErrorText<Result>(_ body: (UnsafeMutablePointer<CChar>, Int) -> Result) -> (Result, String) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("no temporary memory") }
        base.initialize(repeating: 0, count: buffer.count)
        let result = body(base, buffer.count)
        return (result, String(cString: base))
    }
}

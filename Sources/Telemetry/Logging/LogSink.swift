// SPDX-License-Identifier: Apache-2.0

/// Takes log records to where they are kept.
///
/// `write` is called from any thread, under no lock of the logger, and must return promptly: a sink that cannot keep up
/// drops records and counts them, it does not make its caller wait.
package protocol LogSink: Sendable {
    /// Takes one record.
    func write(_ record: LogRecord)
}

/// Drops every record.
package struct DiscardingLogSink: LogSink {
    /// Creates the sink.
    package init() {}

    package func write(_ record: LogRecord) {}
}

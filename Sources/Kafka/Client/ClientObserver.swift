// SPDX-License-Identifier: Apache-2.0

/// Where a client's own words go: its log, errors that belong to no call, and statistics.
///
/// The functions are called on librdkafka's threads and on the client's thread, so they must not block.
package struct ClientObserver: Sendable {
    /// One line of librdkafka's log.
    package struct LogLine: Hashable, Sendable {
        /// Syslog's severity: 0 (emergency) to 7 (debug).
        package let level: Int
        /// librdkafka's short name of the part that speaks, such as "FAIL".
        package let facility: String
        /// The text; no secret property's value.
        package let text: String
    }

    /// Takes a log line.
    package let log: @Sendable (LogLine) -> Void
    /// Takes an error that belongs to no call, such as "all brokers down"; most are temporary.
    package let error: @Sendable (KafkaError) -> Void
    /// Takes librdkafka's statistics as JSON, if `statistics.interval.ms` is set.
    package let statistics: @Sendable (String) -> Void

    /// Creates an observer; what is left out is ignored.
    package init(
        log: @escaping @Sendable (LogLine) -> Void = { _ in },
        error: @escaping @Sendable (KafkaError) -> Void = { _ in },
        statistics: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.log = log
        self.error = error
        self.statistics = statistics
    }

    /// Ignores everything.
    package static let silent = Self()
}

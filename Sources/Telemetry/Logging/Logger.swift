// SPDX-License-Identifier: Apache-2.0

package import Values

/// Writes structured log records: a constant message, and data under named keys.
///
/// A value: copy it freely. Messages are `StaticString`, so that data cannot slip into them; records of one kind can
/// then be found and counted by their message. Fields of a call replace fields of the logger with the same key.
package struct Logger: Sendable {
    /// Records below this level are dropped before their fields are evaluated.
    package let level: LogLevel
    private let sink: any LogSink
    private let now: @Sendable () -> Timestamp
    private let fields: [LogRecord.Field]

    /// Creates a logger without fields.
    ///
    /// - Parameters:
    ///   - level: The lowest level that is written.
    ///   - sink: Where records go.
    ///   - now: The clock of the records.
    package init(
        level: LogLevel = .info,
        sink: any LogSink,
        now: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) {
        self.init(level: level, sink: sink, now: now, fields: [])
    }

    private init(
        level: LogLevel,
        sink: any LogSink,
        now: @escaping @Sendable () -> Timestamp,
        fields: [LogRecord.Field]
    ) {
        self.level = level
        self.sink = sink
        self.now = now
        self.fields = fields
    }

    /// A logger that drops everything.
    package static var disabled: Logger { Logger(level: .error, sink: DiscardingLogSink()) }

    /// Returns a logger that adds `fields` to every record.
    package func with(_ fields: KeyValuePairs<String, LogValue>) -> Logger {
        Logger(level: self.level, sink: self.sink, now: self.now, fields: self.merged(with: fields))
    }

    /// Whether records of `level` are written.
    package func isEnabled(_ level: LogLevel) -> Bool { level >= self.level }

    /// Writes one record, if its level is enabled.
    package func log(
        _ level: LogLevel,
        _ message: StaticString,
        _ fields: @autoclosure () -> KeyValuePairs<String, LogValue> = [:]
    ) {
        guard self.isEnabled(level) else { return }
        let merged = self.merged(with: fields())
        self.sink.write(LogRecord(time: self.now(), level: level, message: message.description, fields: merged))
    }

    private func merged(with additions: KeyValuePairs<String, LogValue>) -> [LogRecord.Field] {
        guard !additions.isEmpty else { return self.fields }
        var fields = self.fields
        fields.reserveCapacity(fields.count + additions.count)
        // Linear search: records have a handful of fields.
        for (key, value) in additions {
            if let index = fields.firstIndex(where: { $0.key == key }) {
                fields[index].value = value
            } else {
                fields.append(LogRecord.Field(key, value))
            }
        }
        return fields
    }
}

extension Logger {
    /// Writes one record of level `trace`.
    package func trace(_ message: StaticString, _ fields: @autoclosure () -> KeyValuePairs<String, LogValue> = [:]) {
        self.log(.trace, message, fields())
    }

    /// Writes one record of level `debug`.
    package func debug(_ message: StaticString, _ fields: @autoclosure () -> KeyValuePairs<String, LogValue> = [:]) {
        self.log(.debug, message, fields())
    }

    /// Writes one record of level `info`.
    package func info(_ message: StaticString, _ fields: @autoclosure () -> KeyValuePairs<String, LogValue> = [:]) {
        self.log(.info, message, fields())
    }

    /// Writes one record of level `notice`.
    package func notice(_ message: StaticString, _ fields: @autoclosure () -> KeyValuePairs<String, LogValue> = [:]) {
        self.log(.notice, message, fields())
    }

    /// Writes one record of level `warning`.
    package func warning(_ message: StaticString, _ fields: @autoclosure () -> KeyValuePairs<String, LogValue> = [:]) {
        self.log(.warning, message, fields())
    }

    /// Writes one record of level `error`.
    package func error(_ message: StaticString, _ fields: @autoclosure () -> KeyValuePairs<String, LogValue> = [:]) {
        self.log(.error, message, fields())
    }
}

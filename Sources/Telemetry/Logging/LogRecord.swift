// SPDX-License-Identifier: Apache-2.0

package import Values

/// One event in the log, before it is formatted.
package struct LogRecord: Sendable, Equatable {
    /// One key with its value.
    package struct Field: Sendable, Equatable {
        /// The key; each occurs once in a record.
        package var key: String
        /// The value.
        package var value: LogValue

        /// Creates a field.
        package init(_ key: String, _ value: LogValue) {
            self.key = key
            self.value = value
        }
    }

    /// When it was logged.
    package var time: Timestamp
    /// How much it matters.
    package var level: LogLevel
    /// The constant message.
    package var message: String
    /// The fields: those of the logger first, then those of the call.
    package var fields: [Field]

    /// Creates a record.
    package init(time: Timestamp, level: LogLevel, message: String, fields: [Field] = []) {
        self.time = time
        self.level = level
        self.message = message
        self.fields = fields
    }

    /// Returns the value of `key`, or `nil` where the record has none.
    package subscript(_ key: String) -> LogValue? {
        self.fields.first { $0.key == key }?.value
    }
}

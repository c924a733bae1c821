// SPDX-License-Identifier: Apache-2.0

import Values

/// How a log record becomes one line of UTF-8, its line feed included.
///
/// Whatever a value holds, the result is one line: control characters are escaped, so that no value can forge a record
/// or drive a terminal.
package enum LogFormat: Sendable, Equatable {
    /// One JSON object: `time`, `level`, `message`, then the fields.
    ///
    /// A field that is called like one of these three gets the prefix `field_`.
    case json
    /// `TIME LEVEL MESSAGE key=value ...` for people, in colour where asked.
    case human(colour: Bool)

    /// Returns the line for `record`.
    package func line(for record: LogRecord) -> [UInt8] {
        var line = LineBuilder()
        switch self {
        case .json: LogFormat.appendJSON(record, to: &line)
        case .human(let colour): LogFormat.appendHuman(record, colour: colour, to: &line)
        }
        line.append("\n")
        return line.bytes
    }

    private static func appendJSON(_ record: LogRecord, to line: inout LineBuilder) {
        line.append(#"{"time":""#)
        line.append(record.time.description)
        line.append(#"","level":""#)
        line.append(record.level.rawValue)
        line.append(#"","message":"#)
        line.appendQuoted(record.message, as: .json)
        for field in record.fields {
            line.append(",")
            let isReserved = field.key == "time" || field.key == "level" || field.key == "message"
            line.appendQuoted(isReserved ? "field_" + field.key : field.key, as: .json)
            line.append(":")
            line.appendJSON(field.value)
        }
        line.append("}")
    }

    private static func appendHuman(_ record: LogRecord, colour: Bool, to line: inout LineBuilder) {
        if colour { line.append("\u{1b}[2m") }
        line.append(record.time.description)
        if colour { line.append("\u{1b}[0m") }
        line.append(" ")
        if colour { line.append(record.level.colourSequence) }
        line.append(record.level.paddedName)
        if colour { line.append("\u{1b}[0m") }
        line.append(" ")
        line.appendEscaped(record.message, as: .human)
        for field in record.fields {
            line.append(" ")
            if colour { line.append("\u{1b}[36m") }
            line.appendEscaped(field.key, as: .human)
            if colour { line.append("\u{1b}[0m") }
            line.append("=")
            line.appendHuman(field.value)
        }
    }
}

extension LogLevel {
    fileprivate var paddedName: String {
        switch self {
        case .trace: "trace  "
        case .debug: "debug  "
        case .info: "info   "
        case .notice: "notice "
        case .warning: "warning"
        case .error: "error  "
        }
    }

    fileprivate var colourSequence: String {
        switch self {
        case .trace, .debug: "\u{1b}[2m"
        case .info: "\u{1b}[32m"
        case .notice: "\u{1b}[34m"
        case .warning: "\u{1b}[33m"
        case .error: "\u{1b}[1;31m"
        }
    }
}

/// Builds one line of UTF-8.
private struct LineBuilder {
    enum Style {
        /// `\u001b`, and quotes and backslashes escaped.
        case json
        /// `\u{1b}`.
        case human
    }

    /// Longer texts are cut: a log line is no place for a document.
    static let maximumTextBytes = 4096

    private(set) var bytes: [UInt8] = []

    init() { self.bytes.reserveCapacity(256) }

    mutating func append(_ text: String) { self.bytes.append(contentsOf: text.utf8) }

    mutating func appendQuoted(_ text: String, as style: Style) {
        self.append("\"")
        self.appendEscaped(text, as: style)
        self.append("\"")
    }

    mutating func appendEscaped(_ text: String, as style: Style) {
        let isLong = text.utf8.count > LineBuilder.maximumTextBytes
        // Nearly every text is short and plain; looking at each scalar costs ten times as much.
        if !isLong, text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f && $0 != 0x22 && $0 != 0x5c }) {
            return self.append(text)
        }
        var room = LineBuilder.maximumTextBytes
        for scalar in text.unicodeScalars {
            if isLong {
                room -= UTF8.width(scalar)
                guard room >= 0 else { return self.append("...") }
            }
            self.appendEscaped(scalar, as: style)
        }
    }

    private mutating func appendEscaped(_ scalar: Unicode.Scalar, as style: Style) {
        switch scalar {
        case "\"", "\\":
            self.append("\\")
            self.append(String(scalar))
        case "\n": self.append("\\n")
        case "\r": self.append("\\r")
        case "\t": self.append("\\t")
        default:
            guard scalar.drivesTerminals else {
                return self.bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
            switch style {
            case .json: self.append("\\u" + Hex.text(UInt16(scalar.value)))
            case .human: self.append("\\u{" + String(scalar.value, radix: 16) + "}")
            }
        }
    }

    mutating func appendJSON(_ value: LogValue) {
        switch value {
        case .string(let text): self.appendQuoted(text, as: .json)
        case .double(let number) where !number.isFinite: self.appendQuoted(number.description, as: .json)
        case .timestamp(let time): self.appendQuoted(time.description, as: .json)
        case .integer, .double, .boolean, .duration: self.append(value.plainText)
        }
    }

    mutating func appendHuman(_ value: LogValue) {
        guard case .string(let text) = value else { return self.append(value.plainText) }
        let needsQuotes =
            text.isEmpty || text.utf8.contains { $0 <= 0x20 || $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "\"") }
        if needsQuotes { self.appendQuoted(text, as: .human) } else { self.appendEscaped(text, as: .human) }
    }
}

extension LogValue {
    fileprivate var plainText: String {
        switch self {
        case .string(let text): text
        case .integer(let number): String(number)
        case .double(let number): number.description
        case .boolean(let flag): flag ? "true" : "false"
        case .duration(let duration): (duration / .seconds(1)).description
        case .timestamp(let time): time.description
        }
    }
}

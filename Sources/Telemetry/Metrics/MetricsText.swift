// SPDX-License-Identifier: Apache-2.0

/// Builds a page in the Prometheus text exposition format, version 0.0.4.
package struct MetricsText: Sendable {
    /// The value of the `Content-Type` header for this format.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// A label with its value.
    package struct Label: Sendable, Equatable {
        /// The label's name.
        package let name: String
        /// The value, not escaped.
        package let value: String

        /// Creates a label.
        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The page so far.
    package private(set) var text = ""

    /// Starts an empty page.
    package init() {}

    /// Appends the HELP and TYPE lines that open a family.
    package mutating func appendHeader(name: String, help: String, typeName: String) {
        self.text += "# HELP \(name) "
        for scalar in help.unicodeScalars {
            switch scalar {
            case "\\": self.text += "\\\\"
            case "\n": self.text += "\\n"
            default: self.text.unicodeScalars.append(scalar)
            }
        }
        self.text += "\n# TYPE \(name) \(typeName)\n"
    }

    /// Appends one sample line.
    package mutating func appendSample(name: String, labels: [Label], value: Double) {
        self.text += name
        for (index, label) in labels.enumerated() {
            self.text += index == 0 ? "{" : ","
            self.text += label.name
            self.text += "=\""
            self.appendEscaped(labelValue: label.value)
            self.text += "\""
        }
        self.text += labels.isEmpty ? " " : "} "
        self.text += MetricsText.number(value)
        self.text += "\n"
    }

    private mutating func appendEscaped(labelValue: String) {
        for scalar in labelValue.unicodeScalars {
            switch scalar {
            case "\\": self.text += "\\\\"
            case "\"": self.text += "\\\""
            case "\n": self.text += "\\n"
            default: self.text.unicodeScalars.append(scalar)
            }
        }
    }

    /// Writes a number as the format wants it: whole numbers without a fraction, `+Inf`, `-Inf` and `NaN` by name.
    package static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        guard value.isFinite else { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value), abs(whole) < 1 << 53 { return String(whole) }
        return value.description
    }
}

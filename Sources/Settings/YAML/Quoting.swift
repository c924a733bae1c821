// SPDX-License-Identifier: Apache-2.0

/// Shows texts from outside in messages.
enum Quoting {
    /// Returns at most 100 characters of a text, with control characters replaced.
    ///
    /// So that no value can drive a terminal, forge a line or bury the message.
    static func printable(_ text: String) -> String {
        var result = ""
        for (count, scalar) in text.unicodeScalars.enumerated() {
            guard count < 100 else { return result + "..." }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

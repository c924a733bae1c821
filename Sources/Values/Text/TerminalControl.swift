// SPDX-License-Identifier: Apache-2.0

extension Unicode.Scalar {
    /// Whether it can do something to a terminal or to the order in which text is shown there: the control characters of C0 and
    /// C1, the separators of lines and paragraphs, and the marks that turn the direction of writing.
    ///
    /// What comes from outside is written without them wherever people look: names, messages, answers.
    package var drivesTerminals: Bool {
        switch self.value {
        case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}

extension StringProtocol {
    /// The text with what drives terminals written as JSON escapes it, but for line ends and tabs.
    ///
    /// In JSON such characters can only stand inside of strings, so JSON says the same as before.
    package var harmlessOnTerminals: String {
        guard self.unicodeScalars.contains(where: { $0.drivesTerminals && !$0.isLayout }) else { return String(self) }
        var text = ""
        for scalar in self.unicodeScalars {
            if scalar.drivesTerminals, !scalar.isLayout, let unit = UInt16(exactly: scalar.value) {
                text += "\\u" + Hex.text(unit)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

extension Unicode.Scalar {
    fileprivate var isLayout: Bool { self == "\n" || self == "\t" }
}

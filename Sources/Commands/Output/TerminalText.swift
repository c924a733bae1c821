// SPDX-License-Identifier: Apache-2.0

import Values

/// Text made fit for a terminal: nothing in it can move the cursor, and its width in columns is known.
///
/// What events and statuses say comes from outside, so a model name may hold escape sequences, line breaks, or characters
/// that are two columns wide.
struct TerminalText: Sendable, Equatable {
    /// The characters, harmless.
    let text: String
    /// How many columns it takes.
    let width: Int

    /// Cleans a text: control characters and marks that turn the direction of writing become spaces or nothing.
    init(_ raw: String) {
        var text = ""
        var width = 0
        for character in raw {
            guard let clean = TerminalText.clean(character) else { continue }
            text.append(clean)
            width += TerminalText.width(of: clean)
        }
        self.text = text
        self.width = width
    }

    private init(text: String, width: Int) {
        self.text = text
        self.width = width
    }

    /// Returns the text in at most `columns`, with an ellipsis where it was cut.
    func cut(to columns: Int) -> TerminalText {
        guard self.width > columns else { return self }
        guard columns > 0 else { return TerminalText(text: "", width: 0) }
        var text = ""
        var width = 0
        for character in self.text {
            let next = TerminalText.width(of: character)
            guard width + next <= columns - 1 else { break }
            text.append(character)
            width += next
        }
        return TerminalText(text: text + "…", width: width + 1)
    }

    /// Returns the text in exactly `columns`: cut, or filled with spaces.
    func fitted(to columns: Int) -> String {
        let cut = self.cut(to: columns)
        return cut.text + String(repeating: " ", count: max(0, columns - cut.width))
    }

    /// The character as it may be shown, or `nil` for one to be left out.
    private static func clean(_ character: Character) -> Character? {
        if character.isASCII {
            guard let byte = character.asciiValue else { return " " }
            return (0x20..<0x7F).contains(byte) ? character : " "
        }
        var kept = ""
        for scalar in character.unicodeScalars {
            guard !scalar.drivesTerminals, scalar.value != 0xFEFF else { continue }
            kept.unicodeScalars.append(scalar)
        }
        return kept.count == 1 ? kept.first : kept.isEmpty ? nil : " "
    }

    /// Columns of one character: 0, 1 or 2, as terminals commonly have it.
    private static func width(of character: Character) -> Int {
        guard !character.isASCII else { return 1 }
        var width = 0
        for scalar in character.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .nonspacingMark, .enclosingMark, .format: continue
            default: width = max(width, self.isWide(scalar) ? 2 : 1)
            }
        }
        return width
    }

    /// Whether a character is wide by Unicode's East Asian Width (UAX 11), or shown as an emoji.
    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.properties.isEmojiPresentation { return true }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF,
            0x20000...0x3FFFD:
            return true
        default: return false
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// How texts are put together for people.
enum Wording {
    /// Joins words as a sentence does: `a`, `a or b`, `a, b or c`.
    static func list(_ words: [String], _ conjunction: String) -> String {
        guard words.count > 1, let last = words.last else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " \(conjunction) " + last
    }

    /// Breaks a text into lines of at most `width` columns; paragraphs and indented lines stay as they are.
    ///
    /// A word that is wider than a line gets a line of its own. Every character counts as one column.
    static func wrap(_ text: String, width: Int) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line -> [String] in
            guard !line.hasPrefix(" ") else { return [String(line)] }
            var lines = [""]
            for word in line.split(separator: " ") {
                let current = lines[lines.count - 1]
                if current.isEmpty {
                    lines[lines.count - 1] = String(word)
                } else if current.count + 1 + word.count <= width {
                    lines[lines.count - 1] += " " + word
                } else {
                    lines.append(String(word))
                }
            }
            return lines
        }
    }

    /// Returns the text with spaces after it, up to `width` columns.
    static func padded(_ text: String, to width: Int) -> String {
        text.count >= width ? text : text + String(repeating: " ", count: width - text.count)
    }
}

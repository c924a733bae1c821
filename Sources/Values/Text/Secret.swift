// SPDX-License-Identifier: Apache-2.0

/// A text that must never be shown: an API key, a password, a token.
///
/// Its description, debug description and reflection say `<redacted>`, so that no log line, error or dump shows it by
/// accident. `reveal()` is the only way to the text; search for it to find every use.
package struct Secret: Sendable {
    private let text: String

    /// Wraps a text.
    package init(_ text: String) { self.text = text }

    /// Returns the text itself.
    ///
    /// Call it where the secret leaves the process (a request header), not earlier.
    package func reveal() -> String { self.text }

    /// Whether the text has no characters.
    package var isEmpty: Bool { self.text.isEmpty }
}

extension Secret: Equatable {
    /// Compares in a time that depends on the lengths only.
    package static func == (left: Secret, right: Secret) -> Bool {
        let (left, right) = (Array(left.text.utf8), Array(right.text.utf8))
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

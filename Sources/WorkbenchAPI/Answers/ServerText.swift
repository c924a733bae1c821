// SPDX-License-Identifier: Apache-2.0

import Values

/// Makes foreign text fit for a log line: one line, bounded, without secrets.
enum ServerText {
    /// Longest message, in characters.
    static let maximumMessageLength = 300
    /// Characters of a model's access key.
    private static let accessKeyLength = 32
    /// More than this of a body is never looked at, in bytes.
    private static let maximumScannedBytes = 16 << 10

    /// Returns the beginning of `text` without control characters, secrets and runs of white space.
    ///
    /// Secrets go before the text is cut to `limit`, so that no half of one is left at the end.
    static func clean(_ text: String, limit: Int = maximumMessageLength, hiding secrets: [Secret] = []) -> String {
        if secrets.isEmpty, self.isPlainWord(text, limit: limit) { return text }
        let isCut = text.utf8.count > self.maximumScannedBytes
        var text = isCut ? String(decoding: text.utf8.prefix(self.maximumScannedBytes), as: UTF8.self) : text
        for secret in secrets where !secret.isEmpty {
            text = text.split(separator: secret.reveal(), omittingEmptySubsequences: false)
                .joined(separator: "<redacted>")
        }
        if isCut, let longest = secrets.map({ $0.reveal().utf8.count }).max() {
            // The cut may have gone through a secret, whose first half was not found.
            text = String(decoding: text.utf8.dropLast(longest), as: UTF8.self)
        }
        let words = text.unicodeScalars
            .split(whereSeparator: { self.isSeparator($0) })
            .map { self.isAccessKey($0) ? "<redacted>" : String($0) }
        let line = self.hidingBearerTokens(words).joined(separator: " ")
        return line.count <= limit ? line : "\(line.prefix(limit - 1))…"
    }

    /// Whether a text is one word of printable ASCII that fits and is too short for a key, as most statuses are.
    private static func isPlainWord(_ text: String, limit: Int) -> Bool {
        text.utf8.count < min(limit, self.accessKeyLength) && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            return scalar.value <= 0x20 || scalar.value == 0x7F
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .privateUse, .surrogate:
            return true
        default:
            return false
        }
    }

    /// Whether a word is, or holds between quotes and the like, a model's access key: `m` and 31 more of a-z and 0-9.
    private static func isAccessKey(_ word: Substring.UnicodeScalarView) -> Bool {
        word.split(whereSeparator: { !self.isKeyScalar($0) }).contains {
            $0.count == self.accessKeyLength && $0.first == "m"
        }
    }

    private static func isKeyScalar(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
    }

    private static func hidingBearerTokens(_ words: [String]) -> [String] {
        var isToken = false
        return words.map { word in
            defer { isToken = word.lowercased().hasSuffix("bearer") }
            // Shorter words are prose: "bearer token is missing".
            return isToken && word.utf8.count >= 16 ? "<redacted>" : word
        }
    }
}

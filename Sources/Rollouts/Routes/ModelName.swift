// SPDX-License-Identifier: Apache-2.0

import Digest

/// What a workbench can take as a model's name.
///
/// A name becomes part of 63-character Kubernetes labels, with prefixes and suffixes that the workbench adds, part of the
/// registry's paths, and the key of the model's events. So: 1 to 48 characters, letters, digits, spaces, `-`, `_` and
/// `.`, a letter or digit first and last.
package enum ModelName {
    /// Most characters of a name.
    package static let maximumLength = 48

    /// Returns what is wrong with a name, without repeating it; `nil` for a good one.
    package static func problem(in name: String) -> String? {
        self.problem(in: name, atMost: self.maximumLength, "fit the workbench's labels")
    }

    /// Returns what is wrong with the name of a registered model, which no label holds; `nil` for a good one.
    package static func registryProblem(in name: String) -> String? {
        self.problem(in: name, atMost: 200, "are taken by the registry")
    }

    private static func problem(in name: String, atMost most: Int, _ words: String) -> String? {
        let bytes = name.utf8
        if bytes.isEmpty { return "the model name is empty" }
        if bytes.count > most { return "the model name has \(bytes.count) bytes, at most \(most) \(words)" }
        guard bytes.allSatisfy({ self.isAlphanumeric($0) || [0x20, 0x2D, 0x2E, 0x5F].contains($0) }) else {
            return "the model name has characters other than letters, digits, ' ', '-', '_', '.'"
        }
        guard let first = bytes.first, let last = bytes.last, self.isAlphanumeric(first), self.isAlphanumeric(last)
        else {
            return "the model name must begin and end with a letter or digit"
        }
        return nil
    }

    /// Returns a text made fit for a name: lower case, everything but letters, digits, `_` and `.` as single dashes.
    ///
    /// A longer one is cut, with eight digits of its hash at the end, so that two long names with the same beginning do
    /// not become one model. Empty where no letter or digit is left.
    package static func slug(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.lowercased().utf8 {
            if self.isAlphanumeric(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".") {
                bytes.append(byte)
            } else if let last = bytes.last, last != UInt8(ascii: "-") {
                bytes.append(UInt8(ascii: "-"))
            }
        }
        let slug = self.trimmed(bytes[...])
        guard slug.count > self.maximumLength else { return String(decoding: slug, as: UTF8.self) }
        let cut = self.trimmed(slug.prefix(self.maximumLength - 9))
        return String(decoding: cut, as: UTF8.self) + "-" + SHA256Digest.hash(text.utf8).hex.prefix(8)
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let start = bytes.firstIndex(where: self.isAlphanumeric) ?? bytes.endIndex
        let end = bytes.lastIndex(where: self.isAlphanumeric).map { $0 + 1 } ?? start
        return bytes[start..<end]
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}

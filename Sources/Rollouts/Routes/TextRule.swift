// SPDX-License-Identifier: Apache-2.0

/// What a text from outside may look like.
package struct TextRule: Sendable {
    /// Most bytes of UTF-8.
    let maximumBytes: Int
    /// What is allowed, for error messages.
    package let allowed: String
    private let accepts: @Sendable (String) -> Bool

    private init(maximumBytes: Int, allowed: String, accepts: @escaping @Sendable (String) -> Bool) {
        self.maximumBytes = maximumBytes
        self.allowed = "1 to \(maximumBytes) bytes: \(allowed)"
        self.accepts = accepts
    }

    /// Whether the text keeps to the rule.
    package func isMet(by text: String) -> Bool {
        let length = text.utf8.count
        return length > 0 && length <= self.maximumBytes && self.accepts(text)
    }
}

extension TextRule {
    /// An id of the workbench, which becomes a part of a URL's path: no slash, and no `..`.
    static let identifier = TextRule(maximumBytes: 64, allowed: "letters, digits, '-', '_', '.', not '.' first") {
        $0.utf8.first != UInt8(ascii: ".") && $0.utf8.allSatisfy(isIdentifierByte)
    }

    /// A name that people gave, in any script; it is only ever compared, or sent inside JSON.
    static let name = TextRule(maximumBytes: 1024, allowed: "text without control characters", accepts: isPlainText)

    /// An attribute of an event's envelope.
    static let attribute = TextRule(
        maximumBytes: 1024,
        allowed: "text without control characters",
        accepts: isPlainText
    )

    /// A state of a run.
    static let status = TextRule(maximumBytes: 64, allowed: "letters, digits, '-', '_', '.'") {
        $0.utf8.allSatisfy(isIdentifierByte)
    }

    /// A model's name as an event writes it, wide enough for a wrong one to be answered by a failed rollout.
    static let wishedModelName = TextRule(maximumBytes: 4096, allowed: "text") { _ in true }

    /// A folder below a run's artifacts, which must not lead out of them.
    package static let artifactPath = TextRule(
        maximumBytes: 512,
        allowed: "a relative path of '/'-separated names without '.', '..', '\\' and control characters"
    ) { path in
        isPlainText(path) && !path.utf8.contains(UInt8(ascii: "\\"))
            && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                !$0.isEmpty && $0 != "." && $0 != ".."
            }
    }

    /// The identifier of a runtime image.
    static let image = TextRule(maximumBytes: 512, allowed: "letters, digits, '-', '_', '.', '/', ':', '@'") {
        $0.utf8.allSatisfy { isIdentifierByte($0) || $0 == 0x2F || $0 == 0x3A || $0 == 0x40 }
    }

    /// A text for people on one line.
    static let line = TextRule(maximumBytes: 500, allowed: "text without control characters", accepts: isPlainText)

    /// A text for a build's comment, in which nothing looks like the marker by which a worker knows its own builds.
    static let buildComment = TextRule(
        maximumBytes: 500,
        allowed: "text without control characters and without 'slipway:', which marks what a worker has made"
    ) { isPlainText($0) && !$0.lowercased().contains("slipway:") }

    /// A text for people on several lines.
    static let paragraph = TextRule(maximumBytes: 4000, allowed: "text without control characters but line breaks") {
        isPlainText($0, lineBreaks: true)
    }

    /// The name of an environment variable.
    package static let variableName = TextRule(maximumBytes: 128, allowed: "letters, digits and '_', no digit first") {
        !isDigit($0.utf8.first ?? 0)
            && $0.utf8.allSatisfy { isIdentifierByte($0) && $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ".") }
    }
}

private func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

private func isIdentifierByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"),
        UInt8(ascii: "_"), UInt8(ascii: "."):
        true
    default: isDigit(byte)
    }
}

private func isPlainText(_ text: String) -> Bool { isPlainText(text, lineBreaks: false) }

/// Whether nothing in the text can break a line, a terminal or the order in which a line is read.
private func isPlainText(_ text: String, lineBreaks: Bool) -> Bool {
    // Nearly every text is printable ASCII.
    if text.utf8.allSatisfy({ 0x20..<0x7F ~= $0 }) { return true }
    return text.unicodeScalars.allSatisfy { scalar in
        switch scalar.value {
        case 0x0A, 0x0D, 0x09: lineBreaks
        // Control characters; line and paragraph separator; marks that turn the direction of writing.
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: false
        default: true
        }
    }
}

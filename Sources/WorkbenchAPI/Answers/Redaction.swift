// SPDX-License-Identifier: Apache-2.0

import Glibc
package import HTTPValues
package import Values

/// Takes the API key out of what comes back, before anything reads it.
///
/// Servers and proxies echo what they were sent, in bodies and header fields of any status. Whoever adds the key to a
/// request replaces it in the response; so nothing above can put it into an error, a log line or a record, and needs no
/// key to know. A secret that an exchange learns by itself (a model's access key) it hides itself.
///
/// The key is found as it is, and as JSON (`\/`, `\u0026`) and URLs (`%2F`) write the same text.
package enum Redaction {
    /// Shorter texts are left alone: they keep nobody out, and turn up by accident in the names of members.
    package static let minimumKeyBytes = 8

    /// What stands in place of a key; it means itself in JSON, URLs and header fields.
    static let mark = Array("<redacted>".utf8)

    /// Returns a response without the key in its body and in the values of its header fields.
    ///
    /// The fields of a 2xx response are gone through only where one that is read of it has the key: they may be kept as
    /// they came, and be read when somebody asks for them.
    package static func replacing(_ key: Secret, in response: HTTPResponse) -> HTTPResponse {
        guard let pattern = KeyPattern(key) else { return response }
        var response = response
        if let body = self.replacing(pattern, in: response.body) { response.body = body }
        if !response.isSuccess || self.namesKey(pattern, response) {
            response.headers = response.headers.map { field in
                (name: field.name, value: self.replacing(pattern, in: field.value) ?? field.value)
            }
        }
        return response
    }

    private static func namesKey(_ pattern: KeyPattern, _ response: HTTPResponse) -> Bool {
        ResponseFailure.requestIDFields.contains { name in
            response.header(name).map { self.replacing(pattern, in: $0) != nil } ?? false
        }
    }

    /// Returns a failure without the key in its message.
    package static func replacing(_ key: Secret, in failure: HTTPFailure) -> HTTPFailure {
        guard let pattern = KeyPattern(key), let message = self.replacing(pattern, in: failure.message) else {
            return failure
        }
        var failure = failure
        failure.message = message
        return failure
    }

    /// Returns what came of a request without the key.
    package static func replacing(
        _ key: Secret,
        in result: Result<HTTPResponse, HTTPFailure>
    ) -> Result<HTTPResponse, HTTPFailure> {
        switch result {
        case .success(let response): .success(self.replacing(key, in: response))
        case .failure(let failure): .failure(self.replacing(key, in: failure))
        }
    }

    private static func replacing(_ pattern: KeyPattern, in text: String) -> String? {
        self.replacing(pattern, in: Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The bytes with marks in place of keys; `nil` where there is no key.
    private static func replacing(_ pattern: KeyPattern, in bytes: [UInt8]) -> [UInt8]? {
        guard pattern.canStand(in: bytes), var found = pattern.first(in: bytes.span, from: 0) else { return nil }
        var replaced: [UInt8] = []
        replaced.reserveCapacity(bytes.count)
        var end = 0
        while true {
            replaced += bytes[end..<found.lowerBound]
            replaced += self.mark
            end = found.upperBound
            guard let next = pattern.first(in: bytes.span, from: end) else { break }
            found = next
        }
        replaced += bytes[end...]
        return replaced
    }
}

/// A key, and the ways in which it may be written.
private struct KeyPattern {
    private let key: [UInt8]

    /// Prepares a key; `nil` for one that is too short to be one.
    init?(_ key: Secret) {
        self.key = Array(key.reveal().utf8)
        guard self.key.count >= Redaction.minimumKeyBytes else { return nil }
    }

    /// Whether the key stands in a text, or something that may be an escape does.
    ///
    /// Nearly every text has neither; the C library finds that out at many bytes a cycle.
    func canStand(in text: [UInt8]) -> Bool {
        text.withUnsafeBytes { text in
            guard let start = text.baseAddress else { return false }
            guard memchr(start, Int32(UInt8(ascii: "\\")), text.count) == nil,
                memchr(start, Int32(UInt8(ascii: "%")), text.count) == nil
            else { return true }
            var rest = UnsafeRawBufferPointer(start: start, count: text.count)
            while rest.count >= self.key.count, let base = rest.baseAddress,
                let found = memchr(base, Int32(self.key[0]), rest.count - self.key.count + 1)
            {
                if memcmp(found, self.key, self.key.count) == 0 { return true }
                rest = UnsafeRawBufferPointer(rebasing: rest[(base.distance(to: found) + 1)...])
            }
            return false
        }
    }

    /// The first place from `start` on at which the key stands.
    func first(in text: Swift.Span<UInt8>, from start: Int) -> Range<Int>? {
        let first = self.key[0]
        let backslash = UInt8(ascii: "\\")
        var position = start
        while position < text.count {
            let byte = text[position]
            if byte == first, self.isWritten(in: text, at: position) {
                return position..<(position + self.key.count)
            }
            if byte == first || byte == backslash || byte == UInt8(ascii: "%"),
                let end = self.endOfEscaped(in: text, at: position)
            {
                return position..<end
            }
            // An escaped backslash is passed as a whole: its second half escapes nothing.
            let isPair = byte == backslash && position + 1 < text.count && text[position + 1] == backslash
            position += isPair ? 2 : 1
        }
        return nil
    }

    private func isWritten(in text: Swift.Span<UInt8>, at start: Int) -> Bool {
        guard text.count - start >= self.key.count else { return false }
        for index in self.key.indices where text[start + index] != self.key[index] { return false }
        return true
    }

    /// The end of the key where some of its bytes are escaped.
    private func endOfEscaped(in text: Swift.Span<UInt8>, at start: Int) -> Int? {
        var position = start
        for wanted in self.key {
            guard let (byte, length) = self.character(in: text, at: position), byte == wanted else { return nil }
            position += length
        }
        return position
    }

    /// The ASCII character written at `position`, and how many bytes that takes; what is no escape means itself.
    private func character(in text: Swift.Span<UInt8>, at position: Int) -> (byte: UInt8, length: Int)? {
        guard position < text.count else { return nil }
        switch text[position] {
        case UInt8(ascii: "%"):
            guard let byte = self.number(in: text, from: position + 1, digits: 2) else { break }
            return (byte, 3)
        case UInt8(ascii: "\\") where position + 1 < text.count:
            switch text[position + 1] {
            case UInt8(ascii: "/"), UInt8(ascii: "\""), UInt8(ascii: "\\"): return (text[position + 1], 2)
            case UInt8(ascii: "u"):
                guard let byte = self.number(in: text, from: position + 2, digits: 4) else { break }
                return (byte, 6)
            default: break
            }
        default: break
        }
        return (text[position], 1)
    }

    /// The hexadecimal number of that many digits, if it is one below 256.
    private func number(in text: Swift.Span<UInt8>, from start: Int, digits: Int) -> UInt8? {
        guard start + digits <= text.count else { return nil }
        var number = 0
        for position in start..<(start + digits) {
            guard let digit = Character(Unicode.Scalar(text[position])).hexDigitValue, text[position] < 0x80 else {
                return nil
            }
            number = number << 4 | digit
        }
        return UInt8(exactly: number)
    }
}

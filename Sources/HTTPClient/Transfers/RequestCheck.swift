// SPDX-License-Identifier: Apache-2.0

import HTTPValues

/// What must hold of a request before any of it is sent.
enum RequestCheck {
    /// What is wrong with a request, header fields aside, without its values; `nil` when nothing is.
    static func problem(of request: HTTPRequest) -> String? {
        guard self.isToken(request.method) else { return "the method is no HTTP token" }
        guard request.url.hasPrefix("http://") || request.url.hasPrefix("https://") else {
            return "the URL must start with http:// or https://"
        }
        guard self.allBytes(of: request.url, satisfy: { $0 > 0x20 && $0 < 0x7f }) else {
            return "the URL for \(self.origin(of: request.url)) has characters that must be percent-encoded"
        }
        return nil
    }

    /// What is wrong with header fields, without their values; `nil` when nothing is.
    static func problem(ofFields fields: [(name: String, value: String)]) -> String? {
        for (name, value) in fields {
            guard self.isToken(name) else { return "a header field's name is no HTTP token" }
            // Line ends would smuggle in a second field or request.
            guard self.allBytes(of: value, satisfy: { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
                return "the value of header field '\(name)' has control characters"
            }
        }
        return nil
    }

    /// Scheme, host and port of a URL: what may be shown of it.
    static func origin(of url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return "an invalid URL" }
        let authority = url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        return String(url[..<scheme.upperBound] + host)
    }

    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty && self.allBytes(of: text, satisfy: self.isTokenByte)
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: "!#$%&'*+.^_`|~".utf8.contains(byte)
        }
    }

    /// Looks at the bytes in place, which is faster than iterating a string's view.
    private static func allBytes(of text: String, satisfy isAllowed: (UInt8) -> Bool) -> Bool {
        text.utf8.withContiguousStorageIfAvailable { $0.allSatisfy(isAllowed) } ?? text.utf8.allSatisfy(isAllowed)
    }
}

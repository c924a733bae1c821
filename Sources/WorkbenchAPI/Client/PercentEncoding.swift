// SPDX-License-Identifier: Apache-2.0

/// Percent-encoding of what goes into a URL.
enum PercentEncoding {
    /// Appends `text` with every byte encoded but the unreserved ones (RFC 3986, section 2.3).
    ///
    /// Right for one path segment and for one query name or value: `/`, `+`, `:` and `&` are encoded too.
    static func append(_ text: String, to url: inout String) {
        self.append(text, to: &url) { self.isUnreserved($0) }
    }

    /// Appends a path that its writer encoded where that mattered: `/`, `:`, `%` and the like stay.
    static func appendPath(_ path: String, to url: inout String) {
        self.append(path, to: &url) { self.isUnreserved($0) || "/%:@!$&'()*+,;=".utf8.contains($0) }
    }

    /// Appends a query that its writer encoded where that mattered.
    static func appendQuery(_ query: String, to url: inout String) {
        self.append(query, to: &url) { self.isUnreserved($0) || "/%:@!$&'()*+,;=?".utf8.contains($0) }
    }

    private static func append(_ text: String, to url: inout String, keeping isKept: (UInt8) -> Bool) {
        if text.utf8.allSatisfy(isKept) {
            url += text
            return
        }
        for byte in text.utf8 {
            if isKept(byte) {
                url.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                url += "%"
                url.unicodeScalars.append(self.hexDigit(byte >> 4))
                url.unicodeScalars.append(self.hexDigit(byte & 15))
            }
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default:
            false
        }
    }

    private static func hexDigit(_ value: UInt8) -> Unicode.Scalar {
        Unicode.Scalar(value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10)
    }
}

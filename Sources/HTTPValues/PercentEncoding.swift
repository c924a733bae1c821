// SPDX-License-Identifier: Apache-2.0

public import Values

/// Percent-encoding of what goes into a URL, and the way back.
///
/// What decodes is inlinable and public, though only our own targets use it: the compiler (6.3) makes no copy for a user's
/// types of what is `package`, and each byte would be asked for by a call.
public enum PercentEncoding {
    // MARK: Encoding

    /// Appends `text` with every byte encoded but the unreserved ones (RFC 3986, section 2.3).
    ///
    /// Right for one path segment and for one query name or value: `/`, `+`, `:` and `&` are encoded too.
    package static func append(_ text: String, to url: inout String) {
        self.append(text, to: &url) { self.isUnreserved($0) }
    }

    /// Appends a path that its writer encoded where that mattered: `/`, `:`, `%` and the like stay.
    package static func appendPath(_ path: String, to url: inout String) {
        self.append(path, to: &url) { self.isUnreserved($0) || "/%:@!$&'()*+,;=".utf8.contains($0) }
    }

    /// Appends a query that its writer encoded where that mattered.
    package static func appendQuery(_ query: String, to url: inout String) {
        self.append(query, to: &url) { self.isUnreserved($0) || "/%:@!$&'()*+,;=?".utf8.contains($0) }
    }

    private static func append(_ text: String, to url: inout String, keeping isKept: (UInt8) -> Bool) {
        if text.utf8.allSatisfy(isKept) {
            url += text
            return
        }
        var encoded: [UInt8] = []
        encoded.reserveCapacity(3 * text.utf8.count)
        for byte in text.utf8 {
            if isKept(byte) {
                encoded.append(byte)
            } else {
                encoded.append(UInt8(ascii: "%"))
                encoded.append(Hex.digit(byte >> 4, .upper))
                encoded.append(Hex.digit(byte, .upper))
            }
        }
        url += String(decoding: encoded, as: UTF8.self)
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

    // MARK: Decoding

    /// Decodes one path segment or query part; a `%` without two hexadecimal digits stays as it is.
    ///
    /// - Parameters:
    ///   - bytes: The part, as it stands in a request's target.
    ///   - plusIsSpace: Whether `+` stands for a space, as in queries.
    /// - Returns: A text, with U+FFFD for bytes that are not UTF-8.
    @inlinable
    public static func decode(_ bytes: some Collection<UInt8>, plusIsSpace: Bool = false) -> String {
        guard self.isEncoded(bytes, plusIsSpace) else { return String(decoding: bytes, as: UTF8.self) }
        return String(decoding: self.decodedBytes(bytes, plusIsSpace: plusIsSpace), as: UTF8.self)
    }

    /// As `decode`, without making a string.
    @inlinable
    public static func decodedBytes(_ bytes: some Collection<UInt8>, plusIsSpace: Bool = false) -> [UInt8] {
        self.decoded(bytes, plusIsSpace).bytes
    }

    /// Decodes one path segment or query part that has to be well-formed.
    ///
    /// - Parameters:
    ///   - bytes: The part, as it stands in a request's target.
    ///   - plusIsSpace: Whether `+` stands for a space, as in queries.
    /// - Returns: A text; `nil` for a `%` without two hexadecimal digits and for bytes that are not UTF-8.
    @inlinable
    public static func decodeStrictly(_ bytes: some Collection<UInt8>, plusIsSpace: Bool = false) -> String? {
        guard self.isEncoded(bytes, plusIsSpace) else { return String(validating: bytes, as: UTF8.self) }
        let (decoded, isWhole) = self.decoded(bytes, plusIsSpace)
        return isWhole ? String(validating: decoded, as: UTF8.self) : nil
    }

    @inlinable
    static func isEncoded(_ bytes: some Collection<UInt8>, _ plusIsSpace: Bool) -> Bool {
        bytes.contains { $0 == UInt8(ascii: "%") || (plusIsSpace && $0 == UInt8(ascii: "+")) }
    }

    /// Decodes every escape that is one, and says whether all are.
    @inlinable
    static func decoded(
        _ bytes: some Collection<UInt8>,
        _ plusIsSpace: Bool
    ) -> (bytes: [UInt8], isWhole: Bool) {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var isWhole = true
        var index = bytes.startIndex
        while index != bytes.endIndex {
            let byte = bytes[index]
            bytes.formIndex(after: &index)
            switch byte {
            case UInt8(ascii: "%"):
                let digits = bytes[index...].prefix(2).compactMap(Hex.value)
                if digits.count == 2 {
                    decoded.append(digits[0] << 4 | digits[1])
                    index = bytes.index(index, offsetBy: 2)
                } else {
                    decoded.append(byte)
                    isWhole = false
                }
            case UInt8(ascii: "+") where plusIsSpace: decoded.append(UInt8(ascii: " "))
            default: decoded.append(byte)
            }
        }
        return (decoded, isWhole)
    }
}

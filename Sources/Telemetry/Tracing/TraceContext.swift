// SPDX-License-Identifier: Apache-2.0

/// Where a piece of work belongs in a distributed trace: the W3C `traceparent`.
///
/// Source: W3C Recommendation "Trace Context", section 3.2. Read strictly: lower-case digits, no all-zero id, no version
/// `ff`; a later version is read by its first four fields. Always written as version 00.
package struct TraceContext: Sendable, Hashable {
    /// The trace: 128 bits, not all zero.
    package let traceID: UInt128
    /// The span that is the parent of what comes next: 64 bits, not all zero.
    package let spanID: UInt64
    /// Whether the caller recorded this trace.
    package let isSampled: Bool

    private init(traceID: UInt128, spanID: UInt64, isSampled: Bool) {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
    }

    /// Starts a new trace.
    package init(isSampled: Bool = true, using generator: inout some RandomNumberGenerator) {
        self.init(
            traceID: UInt128.random(in: 1...UInt128.max, using: &generator),
            spanID: UInt64.random(in: 1...UInt64.max, using: &generator),
            isSampled: isSampled
        )
    }

    /// Starts a new trace with the system's randomness.
    package init(isSampled: Bool = true) {
        var generator = SystemRandomNumberGenerator()
        self.init(isSampled: isSampled, using: &generator)
    }

    /// Reads a `traceparent` header; `nil` for anything that the recommendation does not allow.
    package init?(traceparent: some StringProtocol) {
        let bytes = Array(traceparent.utf8)
        let dash = UInt8(ascii: "-")
        guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash else { return nil }
        guard
            let version = hexadecimalNumber(bytes[0..<2]), version != 0xff,
            let traceID = hexadecimalNumber(bytes[3..<35]), traceID != 0,
            let spanID = hexadecimalNumber(bytes[36..<52]), spanID != 0,
            let flags = hexadecimalNumber(bytes[53..<55])
        else { return nil }
        if version == 0 {
            guard bytes.count == 55 else { return nil }
        } else {
            guard bytes.count == 55 || bytes[55] == dash else { return nil }
        }
        self.init(traceID: traceID, spanID: UInt64(truncatingIfNeeded: spanID), isSampled: flags & 1 == 1)
    }

    /// Returns the context of a child: same trace, new span.
    package func child(using generator: inout some RandomNumberGenerator) -> TraceContext {
        TraceContext(
            traceID: self.traceID,
            spanID: UInt64.random(in: 1...UInt64.max, using: &generator),
            isSampled: self.isSampled
        )
    }

    /// Returns the context of a child, with the system's randomness.
    package func child() -> TraceContext {
        var generator = SystemRandomNumberGenerator()
        return self.child(using: &generator)
    }

    /// The trace id as 32 lower-case hexadecimal digits.
    package var traceIDText: String { hexadecimalText(self.traceID, digits: 32) }

    /// The span id as 16 lower-case hexadecimal digits.
    package var spanIDText: String { hexadecimalText(UInt128(self.spanID), digits: 16) }

    /// The header value, version 00.
    package var traceparent: String {
        "00-\(self.traceIDText)-\(self.spanIDText)-\(self.isSampled ? "01" : "00")"
    }
}

extension TraceContext: CustomStringConvertible {
    package var description: String { self.traceparent }
}

/// Reads lower-case hexadecimal digits; `nil` if any byte is none.
private func hexadecimalNumber(_ bytes: ArraySlice<UInt8>) -> UInt128? {
    var number: UInt128 = 0
    for byte in bytes {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt128(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): number = number << 4 | UInt128(byte - UInt8(ascii: "a") + 10)
        default: return nil
        }
    }
    return number
}

private func hexadecimalText(_ number: UInt128, digits: Int) -> String {
    let text = String(number, radix: 16)
    return String(repeating: "0", count: digits - text.count) + text
}

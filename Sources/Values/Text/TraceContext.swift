// SPDX-License-Identifier: Apache-2.0

/// Where a piece of work belongs in a distributed trace: the W3C `traceparent`.
///
/// Source: W3C Recommendation "Trace Context", section 3.2. Read strictly: lower-case digits, no all-zero id, no version
/// `ff`; a later version is read by its first four fields. Written as version 00, with the one flag that it knows.
package struct TraceContext: Sendable, Hashable {
    /// The trace: 128 bits, not all zero.
    package let traceID: UInt128
    /// The span that is the parent of what comes next: 64 bits, not all zero.
    package let spanID: UInt64
    /// Whether the caller recorded this trace.
    package let isSampled: Bool

    /// Reads a `traceparent` header; `nil` for anything that the recommendation does not allow.
    package init?(traceparent: some StringProtocol) {
        let bytes = Array(traceparent.utf8)
        let dash = UInt8(ascii: "-")
        guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash else { return nil }
        guard
            let version = Hex.number(bytes[0..<2], as: UInt8.self), version != 0xff,
            let traceID = Hex.number(bytes[3..<35], as: UInt128.self), traceID != 0,
            let spanID = Hex.number(bytes[36..<52], as: UInt64.self), spanID != 0,
            let flags = Hex.number(bytes[53..<55], as: UInt8.self)
        else { return nil }
        if version == 0 {
            guard bytes.count == 55 else { return nil }
        } else {
            guard bytes.count == 55 || bytes[55] == dash else { return nil }
        }
        (self.traceID, self.spanID, self.isSampled) = (traceID, spanID, flags & 1 == 1)
    }

    /// The header value, version 00.
    package var traceparent: String {
        "00-\(Hex.text(self.traceID))-\(Hex.text(self.spanID))-\(self.isSampled ? "01" : "00")"
    }
}

extension TraceContext: CustomStringConvertible {
    package var description: String { self.traceparent }
}

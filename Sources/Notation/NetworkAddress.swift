// SPDX-License-Identifier: Apache-2.0

/// A host and a TCP port, written `host:port`, `1.2.3.4:port` or `[::1]:port`.
package struct NetworkAddress: Sendable, Hashable {
    /// A host name or an IP address; an IPv6 address without its brackets.
    package let host: String
    /// The port, 0 to 65535; 0 lets the system choose where something listens.
    package let port: UInt16

    /// Creates an address.
    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`; `nil` if the host or the port is missing or cannot be one.
    package init?(notation text: some StringProtocol) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        guard let port = UInt16(digits) else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":"), host.utf8.allSatisfy(isAddressByte) else { return nil }
        } else {
            guard host.utf8.allSatisfy(isHostByte) else { return nil }
        }
        guard !host.isEmpty else { return nil }
        self.init(host: String(host), port: port)
    }
}

extension NetworkAddress: CustomStringConvertible {
    package var description: String {
        self.host.contains(":") ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
    }
}

private func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
    default: false
    }
}

private func isAddressByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ":"), UInt8(ascii: "."), UInt8(ascii: "%"): true
    default: false
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Host and port to listen on, as configuration writes them: `host:port`.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// Why a text is no address.
    package struct Invalid: Error, Sendable, Equatable, CustomStringConvertible {
        /// What is wrong and what is expected.
        package let description: String
    }

    /// Address or name of an interface; `0.0.0.0` for all.
    package let host: String
    /// TCP port; 0 lets the system choose.
    package let port: UInt16

    /// Creates an address.
    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `127.0.0.1:9464`, `[::1]:9464`, or `:9464` for all interfaces.
    ///
    /// - Throws: `Invalid` for a text without a port, or with one beyond 65535.
    package init(_ text: String) throws(Invalid) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw Invalid(description: "'\(text)' is no host:port, such as 127.0.0.1:9464")
        }
        var host = text[..<colon]
        if host.first == "[", host.last == "]" {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw Invalid(description: "'\(text)': an IPv6 address stands in brackets, as in [::1]:9464")
        }
        self.host = host.isEmpty ? "0.0.0.0" : String(host)
        self.port = port
    }

    /// `host:port`.
    package var description: String {
        self.host.contains(":") ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
    }
}

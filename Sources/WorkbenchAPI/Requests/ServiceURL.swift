// SPDX-License-Identifier: Apache-2.0

/// Address of a service: scheme, host, port and perhaps a path, without a slash at the end.
package struct ServiceURL: Sendable, Hashable, CustomStringConvertible {
    /// Why a text is no service's address.
    package struct Invalid: Error, Sendable, Equatable, CustomStringConvertible {
        /// What is wrong, without the text (it may hold a password).
        package let description: String
    }

    /// `http` or `https`.
    package let scheme: String
    /// Host and port, as they stand in the URL.
    package let authority: String
    /// Empty, or a path that begins with a slash and doesn't end with one.
    package let path: String

    /// Reads an address such as `https://ml.example.com`.
    ///
    /// - Throws: `Invalid` for another scheme, no host, user names, a query, a fragment, or characters that need encoding.
    package init(_ text: String) throws(Invalid) {
        let text = String(text.trimming(while: \.isWhitespace))
        guard let mark = text.firstRange(of: "://") else {
            throw Invalid(description: "needs http:// or https:// in front")
        }
        let scheme = text[..<mark.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else {
            throw Invalid(description: "needs http:// or https:// in front")
        }
        let rest = text[mark.upperBound...]
        guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else {
            throw Invalid(description: "has a character that must be encoded")
        }
        guard !rest.contains("?"), !rest.contains("#") else {
            throw Invalid(description: "can't have a query or a fragment")
        }
        let authority = rest.prefix { $0 != "/" }
        guard !authority.isEmpty, authority.first != ":" else { throw Invalid(description: "has no host") }
        guard !authority.contains("@") else { throw Invalid(description: "can't hold a user name or password") }
        guard Self.hasPossiblePort(authority) else { throw Invalid(description: "has a port that is not 1 to 65535") }
        self.scheme = scheme
        self.authority = String(authority)
        self.path = Self.withoutTrailingSlashes(rest[authority.endIndex...])
    }

    private init(scheme: String, authority: String, path: String) {
        self.scheme = scheme
        self.authority = authority
        self.path = path
    }

    /// The address as text.
    package var description: String { "\(self.scheme)://\(self.authority)\(self.path)" }

    /// Root of API v2: a path `/api/v1` or `/api/v2` at the end, as in `CDSW_API_URL`, is not doubled.
    package var apiRoot: String {
        var path = self.path[...]
        for suffix in ["/api/v1", "/api/v2"] where path.hasSuffix(suffix) {
            path = path.dropLast(suffix.count)
        }
        return "\(self.scheme)://\(self.authority)\(path)/api/v2"
    }

    /// Where this workbench serves models: the host with `modelservice.` in front.
    package var modelService: ServiceURL {
        ServiceURL(scheme: self.scheme, authority: "modelservice.\(self.authority)", path: "")
    }

    /// Whether what is sent there is encrypted.
    package var isEncrypted: Bool { self.scheme == "https" }

    /// Whether the host is this machine, by its address or as `localhost`, so that nobody else is on the way.
    package var isLoopback: Bool {
        if self.authority.first == "[" { return self.authority.prefix { $0 != "]" } == "[::1" }
        let host = self.authority.prefix { $0 != ":" }
        if host.lowercased() == "localhost" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.first == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// Whether what stands behind the host, if anything, can be a port; an IPv6 address stands in brackets.
    private static func hasPossiblePort(_ authority: Substring) -> Bool {
        let behindHost = authority.lastIndex(of: "]").map { authority[authority.index(after: $0)...] } ?? authority
        guard let colon = behindHost.firstIndex(of: ":") else { return true }
        let port = behindHost[behindHost.index(after: colon)...]
        return port.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            && UInt16(port).map { $0 > 0 } ?? false
    }

    private static func withoutTrailingSlashes(_ path: Substring) -> String {
        var path = path
        while path.last == "/" {
            path.removeLast()
        }
        return String(path)
    }
}

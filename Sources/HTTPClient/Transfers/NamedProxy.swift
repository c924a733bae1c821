// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The proxy that a request goes through, as far as a message may show it: libcurl's own words name its port at best, and
/// nobody looks for a variable of the environment when the workbench seems to be out of reach.
///
/// It says what libcurl decides, and decides nothing itself. Newer libcurls can be asked (`CURLINFO_USED_PROXY`, 8.7).
struct NamedProxy: CustomStringConvertible {
    /// Host and port, without user and password.
    let address: String
    /// The variable of the environment that names it.
    let variable: String?

    /// `127.0.0.1:3128 (https_proxy)`.
    var description: String { self.address + (self.variable.map { " (\($0))" } ?? "") }

    /// The proxy for a URL; `nil` where it goes straight.
    init?(for url: String, _ proxy: HTTPClientSettings.Proxy) {
        switch proxy {
        case .direct: return nil
        case .url(let proxy): self.init(proxy, variable: nil)
        case .environment:
            guard let (variable, proxy) = Self.named(for: url), !Self.isExcepted(Self.host(of: url)) else { return nil }
            self.init(proxy, variable: variable)
        }
    }

    private init(_ proxy: String, variable: String?) {
        self.address = Self.authority(of: proxy)
        self.variable = variable
    }

    /// The variables that libcurl looks at, in its order; a web server turns a client's `Proxy:` field into `HTTP_PROXY`,
    /// so that one is not among them.
    private static func named(for url: String) -> (variable: String, proxy: String)? {
        let ofScheme = url.hasPrefix("https:") ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy"]
        return (ofScheme + ["all_proxy", "ALL_PROXY"]).lazy.compactMap { name in Self.value(name).map { (name, $0) } }
            .first
    }

    private static func value(_ name: String) -> String? {
        getenv(name).flatMap { $0.pointee == 0 ? nil : String(cString: $0) }
    }

    /// Host and port of a URL, or of what has no scheme.
    private static func authority(of url: String) -> String {
        let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        return String(authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority)
    }

    private static func host(of url: String) -> String {
        let authority = self.authority(of: url).lowercased()
        if authority.hasPrefix("[") { return String(authority.dropFirst().prefix { $0 != "]" }) }
        return String(authority.prefix { $0 != ":" })
    }

    /// Whether `no_proxy` has the host: by its name, a domain that it lies in, its address, a network, or `*`.
    private static func isExcepted(_ host: String) -> Bool {
        guard let list = self.value("no_proxy") ?? self.value("NO_PROXY") else { return false }
        return list.lowercased().split { $0 == "," || $0 == " " || $0 == "\t" }.contains { entry in
            if entry == "*" { return true }
            if let slash = entry.firstIndex(of: "/") {
                return self.isIn(network: String(entry[..<slash]), bits: entry[entry.index(after: slash)...], host)
            }
            let name = entry.hasPrefix(".") ? entry.dropFirst() : entry
            return host == name || host.hasSuffix(".\(name)")
        }
    }

    private static func isIn(network: String, bits: Substring, _ host: String) -> Bool {
        guard let bits = Int(bits), let network = self.bytes(network), let host = self.bytes(host),
            network.count == host.count, 0...(host.count * 8) ~= bits
        else { return false }
        return (0..<bits).allSatisfy { bit in (network[bit / 8] ^ host[bit / 8]) & (0x80 >> (bit % 8)) == 0 }
    }

    /// The bytes of an address of IPv4 or IPv6.
    private static func bytes(_ text: String) -> [UInt8]? {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if inet_pton(family, text, &bytes) == 1 { return bytes }
        }
        return nil
    }
}

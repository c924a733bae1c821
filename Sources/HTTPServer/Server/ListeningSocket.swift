// SPDX-License-Identifier: Apache-2.0

import CEvent
import Glibc

/// Opens listening sockets; libevent's own call hides why it failed.
enum ListeningSocket {
    /// Connections that the system keeps until they are accepted, where no limit is set.
    private static let backlog = 1024

    /// Opens a non-blocking listening socket.
    ///
    /// - Parameters:
    ///   - host: Address or name of an interface.
    ///   - port: TCP port; 0 for any.
    ///   - backlog: Connections that the system keeps until they are accepted: so many can be accepted at one go.
    /// - Returns: The descriptor, owned by the caller, and the port.
    /// - Throws: `HTTPServerError` when the address is taken, invalid or not permitted.
    static func open(
        host: String,
        port: UInt16,
        backlog: Int?
    ) throws(HTTPServerError) -> (descriptor: Int32, port: UInt16) {
        let address = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host.isEmpty ? nil : host, String(port), &hints, &list)
        defer { freeaddrinfo(list) }
        guard code == 0, let first = list?.pointee else {
            throw .invalidAddress(address: address, reason: String(cString: gai_strerror(code)))
        }
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(first.ai_family, kind, 0)
        guard descriptor >= 0 else { throw .system(operation: "socket", reason: Self.reason(errno)) }
        var yes: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, size)
        // Accepted sockets inherit it; without it a stream's small chunks wait for the client's acknowledgement.
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, size)
        guard bind(descriptor, first.ai_addr, first.ai_addrlen) == 0,
            listen(descriptor, Int32(clamping: backlog ?? Self.backlog)) == 0
        else {
            let error = Self.error(errno, address: address)
            close(descriptor)
            throw error
        }
        return (descriptor, Self.port(of: descriptor) ?? port)
    }

    private static func error(_ code: Int32, address: String) -> HTTPServerError {
        switch code {
        case EADDRINUSE: .addressInUse(address: address)
        case EACCES, EPERM: .notPermitted(address: address)
        case EADDRNOTAVAIL, EAFNOSUPPORT, EINVAL: .invalidAddress(address: address, reason: Self.reason(code))
        default: .system(operation: "listen on \(address)", reason: Self.reason(code))
        }
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }

    /// The port that the system chose; at the same place in both families' address structures.
    private static func port(of descriptor: Int32) -> UInt16? {
        var address = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return code == 0 ? UInt16(bigEndian: address.sin6_port) : nil
    }
}

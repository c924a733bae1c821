// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Threads

/// Stands between clients and a broker that names it as its address, and delivers one request late.
///
/// Knows of Kafka's protocol only how requests begin: length, API key, version, correlation id.
final class WireProxy: Sendable {
    /// API keys of requests.
    enum API {
        static let produce: Int16 = 0
        static let addOffsetsToTransaction: Int16 = 25
        static let endTransaction: Int16 = 26
        static let writeTransactionMarkers: Int16 = 27
        static let commitTransactionOffsets: Int16 = 28
    }

    private struct State: Sendable {
        /// The request to keep back when it comes next; its connection is cut.
        var toHold: Int16?
        /// Requests that are kept back and never answered, all of them; the first is the one that is delivered late.
        var toSwallow: Int16?
        var held: [UInt8]?
        /// The request before which what is kept back is delivered.
        var deliverBefore: Int16?
        /// How many of those go by first.
        var skips = 0
        var delivered = 0
        /// Markers get the number of a producer that does not exist, and their answers the right one.
        var forgetsMarkers = false

        mutating func fate(of request: [UInt8], _ api: Int16) -> Fate {
            if self.toSwallow == api {
                self.held = self.held ?? request
                return .vanish
            }
            if self.toHold == api {
                self.toHold = nil
                self.held = request
                return .cut
            }
            guard self.deliverBefore == api, let held = self.held else { return .pass(nil) }
            guard self.skips == 0 else {
                self.skips -= 1
                return .pass(nil)
            }
            self.held = nil
            return .pass(held)
        }
    }

    /// What becomes of a request.
    private enum Fate {
        case cut
        case vanish
        /// It goes on, behind one that is delivered late.
        case pass([UInt8]?)
    }

    private let listener: Int32
    private let upstream: UInt16
    private let state = Mutex(State())
    /// Where it listens.
    let port: UInt16

    /// Listens; forwards to a port of this machine.
    init(to upstream: UInt16) throws {
        self.upstream = upstream
        (self.listener, self.port) = try Self.listen()
        _ = DedicatedThread(name: "proxy") { [listener] in
            while case let client = accept(listener, nil, nil), client >= 0 { self.serve(client) }
        }
    }

    private static func listen() throws -> (descriptor: Int32, port: UInt16) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.address(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard bind(listener, address, size) == 0, Glibc.listen(listener, 64) == 0 else { return errno }
                return getsockname(listener, address, &size) == 0 ? 0 : errno
            }
        }
        guard code == 0 else { throw Failure(code: code) }
        return (listener, UInt16(bigEndian: address.sin_port))
    }

    struct Failure: Error {
        var code: Int32
    }

    /// Keeps the next request of this kind back, and cuts its connection; it is delivered before the next one of another
    /// kind, on a connection of its own.
    func hold(_ api: Int16, deliverBefore next: Int16, skipping skips: Int = 0) {
        self.state.withLock {
            $0 = State(toHold: api, deliverBefore: next, skips: skips, delivered: $0.delivered)
        }
    }

    /// Lets all requests of this kind vanish, on connections that stay open.
    func swallow(_ api: Int16) {
        self.state.withLock { $0 = State(toSwallow: api, delivered: $0.delivered) }
    }

    /// Lets coordinators believe that the markers of transactions are written, or no longer.
    func forgetMarkers(_ forgets: Bool) { self.state.withLock { $0.forgetsMarkers = forgets } }

    /// Lets nothing vanish any more, and delivers the first that did before the next one of a kind.
    func deliverSwallowed(before next: Int16) {
        self.state.withLock { state in
            state.toSwallow = nil
            state.deliverBefore = next
        }
    }

    /// How many requests have been delivered late.
    var delivered: Int { self.state.withLock(\.delivered) }

    /// Takes no more connections.
    func close() { shutdown(self.listener, Int32(SHUT_RDWR)) }

    private static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    private func connectUpstream() -> Int32 {
        let broker = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.address(self.upstream)
        let isConnected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(broker, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard !isConnected else { return broker }
        Glibc.close(broker)
        return -1
    }

    private func serve(_ client: Int32) {
        let broker = self.connectUpstream()
        guard broker >= 0 else {
            Glibc.close(client)
            return
        }
        let ends = Ends(client: client, broker: broker)
        _ = DedicatedThread(name: "proxy up") {
            while var request = Self.frame(from: client), self.pass(&request, ends, to: broker) {}
            ends.cut()
        }
        _ = DedicatedThread(name: "proxy down") {
            while var answer = Self.frame(from: broker) {
                ends.forgotten.withLock { $0.restore(&answer) }
                guard Self.write(answer, to: client) else { break }
            }
            ends.cut()
        }
    }

    /// The two sockets of one connection; closed when neither thread reads them any more.
    private final class Ends: Sendable {
        private let client: Int32
        private let broker: Int32
        private let users = Mutex(2)
        let forgotten = Mutex(ForgottenMarkers())

        init(client: Int32, broker: Int32) {
            self.client = client
            self.broker = broker
        }

        func cut() {
            shutdown(self.client, Int32(SHUT_RDWR))
            shutdown(self.broker, Int32(SHUT_RDWR))
            let isLast = self.users.withLock { users in
                users -= 1
                return users == 0
            }
            guard isLast else { return }
            Glibc.close(self.client)
            Glibc.close(self.broker)
        }
    }

    /// Passes a request on, unless it is to be kept back.
    ///
    /// - Returns: Whether the connection goes on.
    private func pass(_ request: inout [UInt8], _ ends: Ends, to broker: Int32) -> Bool {
        let api = Int16(request[4]) << 8 | Int16(request[5])
        if api == API.writeTransactionMarkers, self.state.withLock(\.forgetsMarkers) {
            ends.forgotten.withLock { $0.misdirect(&request) }
        }
        let whole = request
        switch self.state.withLock({ $0.fate(of: whole, api) }) {
        case .cut: return false
        case .vanish: return true
        case .pass(let late):
            if let late { self.deliver(late) }
            return Self.write(request, to: broker)
        }
    }

    private func deliver(_ request: [UInt8]) {
        let broker = self.connectUpstream()
        guard broker >= 0 else { return }
        defer { Glibc.close(broker) }
        guard Self.write(request, to: broker), Self.frame(from: broker) != nil else { return }
        self.state.withLock { $0.delivered += 1 }
    }

    /// A whole request or answer, its length first; `nil` at the end.
    private static func frame(from descriptor: Int32) -> [UInt8]? {
        guard let head = self.bytes(4, from: descriptor) else { return nil }
        let length = head.reduce(0) { $0 << 8 | Int($1) }
        guard length >= 4, length < 1 << 24, let body = self.bytes(length, from: descriptor) else { return nil }
        return head + body
    }

    private static func bytes(_ count: Int, from descriptor: Int32) -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < count {
            let got = recv(descriptor, &buffer, min(buffer.count, count - bytes.count), 0)
            guard got > 0 else { return nil }
            bytes += buffer[..<got]
        }
        return bytes
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Threads

/// A TCP server that reads whole requests and does with each, in the order they come, what a script says.
///
/// For what a real HTTP server can't be made to do: apply a request and then end the connection without a word.
final class ScriptedServer: Sendable {
    enum Action: Sendable {
        /// Send these bytes and go on.
        case reply(String)
        /// End the connection in order.
        case close
        /// Read on until the client ends the connection.
        case awaitClose
    }

    private struct Record: Sendable {
        var script: ArraySlice<Action>
        var requests: [String] = []
        /// For each request the number of the connection that it came on, from 1.
        var origins: [Int] = []
        var connections = 0
        var closedByClient = 0
    }

    static let ok = Action.reply("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    let port: UInt16
    private let descriptor: Int32
    private let record: Monitor<Record>
    private let thread: DedicatedThread
    private let waiter = BlockingThread(name: "scripted-waiter")

    /// Listens on a free port of this machine; after the script's end every request gets `ok`.
    init(_ script: [Action]) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        self.port = try listenLocally(descriptor, backlog: 16)
        let record = Monitor(Record(script: script[...]))
        self.record = record
        self.thread = DedicatedThread(name: "scripted-server") {
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                let number = record.signal { record in
                    record.connections += 1
                    return record.connections
                }
                _ = DedicatedThread(name: "scripted-conn") {
                    Self.serve(connection, number, record)
                    Glibc.close(connection)
                }
            }
        }
    }

    private static func serve(_ connection: Int32, _ number: Int, _ record: Monitor<Record>) {
        while let request = self.readRequest(connection) {
            let action = record.signal { record in
                record.requests.append(request)
                record.origins.append(number)
                return record.script.popFirst() ?? self.ok
            }
            switch action {
            case .reply(let text):
                let bytes = Array(text.utf8)
                guard send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return }
            case .close:
                return
            case .awaitClose:
                var byte: UInt8 = 0
                while recv(connection, &byte, 1, 0) > 0 {}
                record.signal { $0.closedByClient += 1 }
                return
            }
        }
    }

    /// Reads one request with its body; `nil` at the end of the connection.
    private static func readRequest(_ connection: Int32) -> String? {
        var received = ""
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let end = received.firstRange(of: "\r\n\r\n") {
                let field = received.firstRange(of: "Content-Length: ")
                let length = field.flatMap { Int(received[$0.upperBound...].prefix { $0.isNumber }) } ?? 0
                if received[end.upperBound...].utf8.count >= length { return received }
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            received += String(decoding: buffer.prefix(count), as: UTF8.self)
        }
    }

    var url: String { "http://127.0.0.1:\(self.port)" }
    var requests: [String] { self.record.withLock { $0.requests } }
    var origins: [Int] { self.record.withLock { $0.origins } }

    /// Waits until so many requests have been read.
    func waitForRequests(_ count: Int) async {
        let record = self.record
        _ = await self.waiter.run { record.wait { $0.requests.count >= count ? true : nil } }
    }

    /// Waits until the client has ended a connection that the script left waiting for that.
    func waitForClientClose() async {
        let record = self.record
        _ = await self.waiter.run { record.wait { $0.closedByClient > 0 ? true : nil } }
    }

    /// Stops listening; the client must have closed its connections before.
    func stop() async {
        shutdown(self.descriptor, Int32(SHUT_RDWR))
        await self.thread.join()
        Glibc.close(self.descriptor)
        await self.waiter.close()
    }
}

/// Binds a socket to a free port of this machine and listens.
func listenLocally(_ descriptor: Int32, backlog: Int32) throws -> UInt16 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            let code = bind(descriptor, address, length)
            return code == 0 ? getsockname(descriptor, address, &length) : code
        }
    }
    guard code == 0, listen(descriptor, backlog) == 0 else { throw SocketError(operation: "listen", code: errno) }
    return UInt16(bigEndian: address.sin_port)
}

/// A free port that nobody listens on.
func unusedPort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    return try listenLocally(descriptor, backlog: 1)
}

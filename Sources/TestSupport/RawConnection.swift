// SPDX-License-Identifier: Apache-2.0

import Glibc
import Threads

/// A TCP connection whose bytes a test writes and reads itself.
package final class RawConnection: Sendable {
    private let descriptor: Int32
    private let thread = BlockingThread(name: "raw-connection")

    /// Connects to a port of this machine.
    package init(port: UInt16) throws {
        self.descriptor = try RawSocket.connected(to: port)
    }

    /// Sends a text as it is.
    package func send(_ text: String) async {
        let descriptor = self.descriptor
        await self.thread.run { RawSocket.send(text, over: descriptor) }
    }

    /// Reads until the text received contains `end`, or to the end of the connection.
    package func read(until end: String? = nil) async -> String {
        let descriptor = self.descriptor
        return await self.thread.run {
            var received: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let text = String(decoding: received, as: UTF8.self)
                if let end, text.contains(end) { return text }
                let count = recv(descriptor, &buffer, buffer.count, 0)
                guard count > 0 else { return text }
                received += buffer.prefix(count)
            }
        }
    }

    /// Waits, on a thread of its own, until the other side has closed the connection.
    package func closed() async {
        let descriptor = self.descriptor
        let waiting = BlockingThread(name: "raw-connection-end")
        await waiting.run { RawSocket.waitForEnd(of: descriptor) }
        await waiting.close()
    }

    /// Tells the server that nothing more will come.
    package func endSending() async {
        let descriptor = self.descriptor
        await self.thread.run { _ = shutdown(descriptor, Int32(SHUT_WR)) }
    }

    /// Closes the connection; with a reset instead of an orderly end where asked for.
    package func close(reset: Bool = false) async {
        if reset {
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(self.descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        }
        _ = Glibc.close(self.descriptor)
        await self.thread.close()
    }
}

/// What is done with the descriptor of a connection; each call may block.
enum RawSocket {
    /// Connects to a port of this machine.
    static func connected(to port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw SocketError(operation: "connect", code: errno) }
        return descriptor
    }

    /// Sends all of a text, or as much as the other side takes before it closes.
    static func send(_ text: String, over descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Waits until the other side has closed the connection.
    static func waitForEnd(of descriptor: Int32) {
        var byte: UInt8 = 0
        while recv(descriptor, &byte, 1, 0) > 0 {}
    }
}

/// A system call on a socket that failed.
package struct SocketError: Error {
    /// The call.
    package let operation: String
    /// Its `errno`.
    package let code: Int32

    /// Creates an error.
    package init(operation: String, code: Int32) {
        self.operation = operation
        self.code = code
    }
}

/// Sends one request over a fresh connection and returns all that comes back until the server closes.
package func exchange(port: UInt16, _ request: String) async throws -> String {
    let connection = try RawConnection(port: port)
    await connection.send(request)
    let reply = await connection.read()
    await connection.close()
    return reply
}

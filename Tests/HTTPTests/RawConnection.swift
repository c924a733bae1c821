// SPDX-License-Identifier: Apache-2.0

import Glibc
import Threads

/// A TCP connection whose bytes a test writes and reads itself.
final class RawConnection: Sendable {
    private let descriptor: Int32
    private let thread = BlockingThread(name: "raw-connection")

    /// Connects to a port of this machine.
    init(port: UInt16) throws {
        self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let descriptor = self.descriptor
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw SocketError(operation: "connect", code: errno) }
    }

    /// Sends a text as it is.
    func send(_ text: String) async {
        let descriptor = self.descriptor
        await self.thread.run {
            var bytes = Array(text.utf8)[...]
            while !bytes.isEmpty {
                let count = bytes.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                bytes = bytes.dropFirst(count)
            }
        }
    }

    /// Reads until the text received contains `end`, or to the end of the connection.
    func read(until end: String? = nil) async -> String {
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

    /// Tells the server that nothing more will come.
    func endSending() async {
        let descriptor = self.descriptor
        await self.thread.run { _ = shutdown(descriptor, Int32(SHUT_WR)) }
    }

    /// Closes the connection; with a reset instead of an orderly end where asked for.
    func close(reset: Bool = false) async {
        if reset {
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(self.descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        }
        _ = Glibc.close(self.descriptor)
        await self.thread.close()
    }
}

struct SocketError: Error {
    let operation: String
    let code: Int32
}

/// Sends one request over a fresh connection and returns all that comes back until the server closes.
func exchange(port: UInt16, _ request: String) async throws -> String {
    let connection = try RawConnection(port: port)
    await connection.send(request)
    let reply = await connection.read()
    await connection.close()
    return reply
}

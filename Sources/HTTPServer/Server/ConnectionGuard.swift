// SPDX-License-Identifier: Apache-2.0

import CEvent
import Glibc

/// Holds a server's connections to their limits, and keeps a file descriptor in reserve.
///
/// libevent 2.1 tells neither that a connection was accepted nor that it has ended. But it asks for a buffer event for each
/// connection, which has the descriptor as soon as accepting is done; and a descriptor that was closed, and perhaps given out
/// again, is known by its inode: only this thread closes connections, so one that is still the same can be shut down safely.
/// libevent then closes it like any other whose client has gone.
final class ConnectionGuard: @unchecked Sendable {
    // Safe: used by the loop's thread only, or before it starts.
    private struct Connection {
        let descriptor: Int32
        let inode: ino_t
        let peer: [UInt8]
        var due: ContinuousClock.Instant
    }

    /// How often connections are looked at, and so how precise their deadlines are.
    private static let interval = Duration.milliseconds(250)

    private let limits: ConnectionLimits
    private let loop: EventLoop
    /// Oldest first.
    private var connections: [Connection] = []
    /// Of connections that are being accepted; all alive until `arrival` has run, as nothing else of theirs can run before.
    private var arriving: [OpaquePointer] = []
    private var arrival: OpaquePointer?
    private var isWatching = false
    /// Given up so that one more connection can be accepted where the process has no descriptors left.
    private var reserve: Int32 = -1

    init(_ limits: ConnectionLimits, of http: OpaquePointer, on loop: EventLoop) {
        self.limits = limits
        self.loop = loop
        let context = Unmanaged.passUnretained(self).toOpaque()
        self.arrival = event_new(loop.base, -1, 0, connectionsAccepted, context)
        evhttp_set_bevcb(http, bufferWanted, context)
        self.refillReserve()
    }

    /// Gives back what it holds; nothing else may be called afterwards, and `http` is gone by then.
    func end() {
        if let arrival = self.arrival { event_free(arrival) }
        self.arrival = nil
        if self.reserve >= 0 { close(self.reserve) }
        self.reserve = -1
        self.connections = []
    }

    /// A whole request was read on a connection: from now on the time of the reply counts.
    func requestRead(on connection: OpaquePointer?) {
        guard let connection else { return }
        let descriptor = bufferevent_getfd(evhttp_connection_get_bufferevent(connection))
        guard let index = self.connections.firstIndex(where: { $0.descriptor == descriptor }) else { return }
        self.connections[index].due = .now + self.limits.replyTimeout
    }

    /// Makes room where the system gives no descriptor; returns whether accepting is worth another try at once.
    func makeRoom() -> Bool {
        self.forgetClosed()
        if !self.connections.isEmpty { self.cut(at: 0) }
        guard self.reserve >= 0 else { return false }
        close(self.reserve)
        self.reserve = -1
        self.watch()
        return true
    }

    // MARK: Connections

    fileprivate func newBuffer() -> OpaquePointer? {
        let buffer = bufferevent_socket_new(self.loop.base, -1, 0)
        if let buffer { self.arriving.append(buffer) }
        // Runs in this same round of the loop, before anything else of these connections.
        event_active(self.arrival, Int32(EV_TIMEOUT), 0)
        return buffer
    }

    fileprivate func accepted() {
        self.forgetClosed()
        let due = ContinuousClock.now + self.limits.requestTimeout
        for buffer in self.arriving {
            let descriptor = bufferevent_getfd(buffer)
            guard descriptor >= 0, let inode = Self.inode(of: descriptor) else { continue }
            let peer = Self.peer(of: descriptor)
            self.connections.append(Connection(descriptor: descriptor, inode: inode, peer: peer, due: due))
            if self.connections.count(where: { $0.peer == peer }) > self.limits.maximumPerPeer,
                let oldest = self.connections.firstIndex(where: { $0.peer == peer })
            {
                self.cut(at: oldest)
            }
            if self.connections.count > self.limits.maximum { self.cut(at: 0) }
        }
        self.arriving = []
        self.watch()
    }

    private func cut(at index: Int) {
        shutdown(self.connections.remove(at: index).descriptor, Int32(SHUT_RDWR))
    }

    private func forgetClosed() {
        self.connections.removeAll { Self.inode(of: $0.descriptor) != $0.inode }
    }

    /// Looks at deadlines as long as there is one.
    private func watch() {
        guard !self.isWatching, !self.connections.isEmpty || self.reserve < 0 else { return }
        self.isWatching = true
        self.loop.schedule(after: Self.interval) {
            self.isWatching = false
            guard self.arrival != nil else { return }
            self.forgetClosed()
            let now = ContinuousClock.now
            for index in self.connections.indices.reversed() where self.connections[index].due <= now {
                self.cut(at: index)
            }
            self.refillReserve()
            self.watch()
        }
    }

    private func refillReserve() {
        guard self.reserve < 0 else { return }
        self.reserve = open("/dev/null", O_RDONLY | O_CLOEXEC)
    }

    // MARK: What the system says

    private static func inode(of descriptor: Int32) -> ino_t? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? status.st_ino : nil
    }

    /// The other side's address without its port; empty for one that has gone already.
    private static func peer(of descriptor: Int32) -> [UInt8] {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            let code = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getpeername(descriptor, $0, &length)
            }
            guard code == 0 else { return [] }
            switch Int32(pointer.pointee.ss_family) {
            case AF_INET:
                return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                    withUnsafeBytes(of: address.pointee.sin_addr) { Array($0) }
                }
            case AF_INET6:
                return pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                    withUnsafeBytes(of: address.pointee.sin6_addr) { Array($0) }
                }
            default: return []
            }
        }
    }
}

private func bufferWanted(_: OpaquePointer?, _ context: UnsafeMutableRawPointer?) -> OpaquePointer? {
    guard let context else { return nil }
    return Unmanaged<ConnectionGuard>.fromOpaque(context).takeUnretainedValue().newBuffer()
}

private func connectionsAccepted(_: Int32, _: Int16, _ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    Unmanaged<ConnectionGuard>.fromOpaque(context).takeUnretainedValue().accepted()
}

// SPDX-License-Identifier: Apache-2.0

import CEvent
import Glibc
import Threads

/// Finds the server whose listener can't accept connections.
///
/// As long as the system refuses, for want of file descriptors, the waiting connection wakes the loop again at once: so
/// the listener pauses. libevent gives its error callback nothing but the `evhttp` object, hence the table.
enum AcceptFailure {
    /// By the address of the `evhttp` object; a server takes itself out before it ends.
    private static let servers = Locked<[UInt: ServerCore]>([:])

    static func watch(_ listener: OpaquePointer, of http: OpaquePointer, for core: ServerCore) {
        let key = UInt(bitPattern: http)
        self.servers.withLock { $0[key] = core }
        evconnlistener_set_error_cb(listener) { _, context in
            let reason = String(cString: strerror(errno))
            AcceptFailure.core(of: context)?.acceptFailed(reason: reason)
        }
    }

    static func forget(_ http: OpaquePointer) {
        let key = UInt(bitPattern: http)
        self.servers.withLock { $0[key] = nil }
    }

    private static func core(of context: UnsafeMutableRawPointer?) -> ServerCore? {
        let key = UInt(bitPattern: context)
        return self.servers.withLock { $0[key] }
    }
}

// SPDX-License-Identifier: Apache-2.0

import CCurl
import CEpoll
import Glibc

/// Waits for libcurl's sockets and for other threads, with one epoll instance.
///
/// Everything but `wake` belongs to one thread.
final class Poller {
    /// Most sockets reported by one wait; the kernel reports the others in the next.
    private static let mostEvents = 64

    private let epoll: Int32
    private let wakeUp: Int32
    private let events: UnsafeMutablePointer<epoll_event>
    private var watched: Set<curl_socket_t> = []
    /// Sockets that the kernel refused to watch; unless libcurl hears of it, their transfers wait for their time-outs.
    private var refused: [curl_socket_t] = []

    init() {
        self.epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        self.wakeUp = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        precondition(self.epoll >= 0 && self.wakeUp >= 0, "no descriptors for an event loop: error \(errno)")
        self.events = .allocate(capacity: Self.mostEvents)
        // Edge-triggered: each write wakes the thread once, and nobody needs to read.
        var event = epoll_event(events: EPOLLIN.rawValue | EPOLLET.rawValue, data: epoll_data_t(fd: self.wakeUp))
        let code = epoll_ctl(self.epoll, EPOLL_CTL_ADD, self.wakeUp, &event)
        precondition(code == 0, "no wake-up for an event loop: error \(errno)")
    }

    deinit {
        close(self.wakeUp)
        close(self.epoll)
        self.events.deallocate()
    }

    /// Ends the current wait or, if there is none, the next one; callable from any thread.
    func wake() {
        eventfd_write(self.wakeUp, 1)
    }

    /// Does what libcurl asks: watches a socket for other events than before, or stops watching it.
    func watch(_ socket: curl_socket_t, for what: Int32) {
        guard what != CURL_POLL_REMOVE else {
            self.watched.remove(socket)
            // At once, although the connection will most likely be used again: if a child process has inherited the
            // socket, a watch left behind survives the close and reports under a number that is another descriptor's
            // by then. Fails if libcurl has closed the socket already, which ended the watch.
            epoll_ctl(self.epoll, EPOLL_CTL_DEL, socket, nil)
            return
        }
        var event = epoll_event(events: 0, data: epoll_data_t(fd: socket))
        if what & CURL_POLL_IN != 0 { event.events |= EPOLLIN.rawValue }
        if what & CURL_POLL_OUT != 0 { event.events |= EPOLLOUT.rawValue }
        let isNew = self.watched.insert(socket).inserted
        if epoll_ctl(self.epoll, isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event) == 0 { return }
        // The number may be in use again before libcurl says that the previous descriptor is gone.
        let other = errno == EEXIST ? EPOLL_CTL_MOD : EPOLL_CTL_ADD
        if epoll_ctl(self.epoll, other, socket, &event) != 0 { self.refused.append(socket) }
    }

    /// Waits until a socket is ready, another thread calls `wake` or the time is up.
    ///
    /// - Parameters:
    ///   - milliseconds: The longest wait.
    ///   - body: Called for each socket that is ready, with libcurl's bits for the events.
    func wait(milliseconds: Int32, _ body: (curl_socket_t, Int32) -> Void) {
        let refused = self.refused
        self.refused = []
        let count = epoll_wait(self.epoll, self.events, Int32(Self.mostEvents), refused.isEmpty ? milliseconds : 0)
        for index in 0..<max(0, Int(count)) {
            let event = self.events[index]
            guard event.data.fd != self.wakeUp else { continue }
            body(event.data.fd, Self.bits(event.events))
        }
        for socket in refused where self.watched.contains(socket) { body(socket, CURL_CSELECT_ERR) }
    }

    /// An error or hang-up counts as ready: the next read or write finds out which it is.
    private static func bits(_ events: UInt32) -> Int32 {
        var bits: Int32 = 0
        let ended = EPOLLERR.rawValue | EPOLLHUP.rawValue
        if events & (EPOLLIN.rawValue | ended) != 0 { bits |= CURL_CSELECT_IN }
        if events & (EPOLLOUT.rawValue | ended) != 0 { bits |= CURL_CSELECT_OUT }
        return bits
    }
}

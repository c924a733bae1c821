// SPDX-License-Identifier: Apache-2.0

import CEvent
import Glibc
import Threads

/// An HTTP/1.1 server on one thread of its own, over libevent.
///
/// Started once, and to be stopped by its owner: a server that was started and is merely dropped goes on serving.
package final class HTTPServer: Sendable {
    /// Version of the linked libevent.
    package static var libraryVersion: String { String(cString: event_get_version()) }

    private struct Running: Sendable {
        let core: ServerCore
        let thread: DedicatedThread
    }

    private let settings: HTTPServerSettings
    private let router: Router
    private let report: @Sendable (HTTPServerProblem) -> Void
    private let running = Locked<Running?>(nil)

    /// Creates a server that does not listen yet.
    ///
    /// - Parameters:
    ///   - settings: Where to listen and what to accept.
    ///   - routes: The handlers.
    ///   - report: Called on the server's thread with what no client can be told; writes to standard error by default.
    package init(
        settings: HTTPServerSettings,
        routes: Router,
        report: @escaping @Sendable (HTTPServerProblem) -> Void = HTTPServer.reportToStandardError
    ) {
        self.settings = settings
        self.router = routes
        self.report = report
    }

    /// Listens and starts the thread.
    ///
    /// Blocks for as long as it takes to resolve the host name, which is not at all for an IP address.
    ///
    /// - Returns: The address with the port that the system chose where 0 was configured.
    /// - Throws: `HTTPServerError` when the address is taken, invalid or not permitted, or on a second start.
    @discardableResult
    package func start() throws(HTTPServerError) -> BoundAddress {
        try self.running.withLock { running in
            Result { () throws(HTTPServerError) in try self.start(&running) }
        }.get()
    }

    private func start(_ running: inout Running?) throws(HTTPServerError) -> BoundAddress {
        guard running == nil else { throw .alreadyStarted }
        let socket = try ListeningSocket.open(
            host: self.settings.host,
            port: self.settings.port,
            backlog: self.settings.connections?.maximum
        )
        let core: ServerCore
        do throws(HTTPServerError) {
            core = try ServerCore(
                loop: try EventLoop(),
                descriptor: socket.descriptor,
                settings: self.settings,
                router: self.router,
                report: self.report
            )
        } catch {
            close(socket.descriptor)
            throw error
        }
        let thread = DedicatedThread(name: "http-in") {
            core.loop.run()
            core.loop.close()
        }
        running = Running(core: core, thread: thread)
        return BoundAddress(host: self.settings.host, port: socket.port)
    }

    /// Stops accepting, lets replies under way finish up to `grace`, closes all connections and ends the thread.
    ///
    /// Requests that come meanwhile on open connections get 503. A stream counts as a reply under way: end it first.
    /// Delayed jobs that are not due yet are dropped. A second call waits for the end too. Not cut short by cancellation.
    package func stop(grace: Duration) async {
        guard let running = self.running.withLock({ $0 }) else { return }
        running.core.loop.perform { running.core.stop(grace: grace) }
        await running.thread.join()
    }

    /// Runs `job` on the server's thread after `delay`, such as a reply that is to come late; it must not block.
    ///
    /// Precise to about a millisecond. Dropped when the server is not running, or stops earlier.
    package func schedule(after delay: Duration, _ job: @escaping @Sendable () -> Void) {
        self.running.withLock { $0 }?.core.loop.schedule(after: delay, job)
    }

    /// Writes one line to standard error.
    package static let reportToStandardError: @Sendable (HTTPServerProblem) -> Void = { problem in
        let line = Array("http server: \(problem)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }
}

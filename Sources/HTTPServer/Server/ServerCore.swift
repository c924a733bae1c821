// SPDX-License-Identifier: Apache-2.0

import CEvent

/// What a server does on its loop's thread: takes requests, finds their handlers, stops.
final class ServerCore: @unchecked Sendable {
    // Safe: `loop`, `settings` and `report` are constant; all else is touched only by the loop's thread, or before it
    // starts.
    let loop: EventLoop
    let report: @Sendable (HTTPServerProblem) -> Void
    private let settings: HTTPServerSettings
    private var router: Router
    private let http: OpaquePointer
    private var listener: OpaquePointer?
    /// Empty except within one call; saves an allocation a chunk.
    let scratch: OpaquePointer
    private(set) var isStopping = false
    /// Whether a reply is the last on its connection.
    var closesAfterReply: Bool { self.isStopping || self.guardian != nil }
    private var guardian: ConnectionGuard?
    /// When a failure to accept was last told, and how many have been since then.
    private var acceptFailures: (toldAt: ContinuousClock.Instant, untold: Int)?
    private var isFinished = false
    private var activeCount = 0
    /// All there are, as many as requests were ever under way at once: libevent's callbacks hold them unretained.
    private var exchanges: [Exchange] = []
    private var spare: [Exchange] = []

    /// Takes over the listening socket.
    init(
        loop: EventLoop,
        descriptor: Int32,
        settings: HTTPServerSettings,
        router: Router,
        report: @escaping @Sendable (HTTPServerProblem) -> Void
    ) throws(HTTPServerError) {
        guard let http = evhttp_new(loop.base), let scratch = evbuffer_new(),
            let listener = evhttp_accept_socket_with_handle(http, descriptor)
        else { throw .system(operation: "create the server", reason: "out of memory") }
        self.loop = loop
        self.settings = settings
        self.router = router
        self.report = report
        self.http = http
        self.listener = listener
        self.scratch = scratch
        evhttp_set_default_content_type(http, nil)
        evhttp_set_allowed_methods(http, HTTPMethod.accepted)
        // Up to twice the limit is read, so that a head somewhat too long gets a telling reply and not libevent's 400.
        evhttp_set_max_headers_size(http, 2 * settings.maximumHeadBytes)
        evhttp_set_max_body_size(http, settings.maximumBodyBytes)
        // Reads (and drops) the rest of a body that is too long: else the reset would overtake the reply. Not where anybody
        // may announce one of any length.
        if settings.connections == nil { evhttp_set_flags(http, EVHTTP_SERVER_LINGERING_CLOSE) }
        if let timeout = settings.idleTimeout {
            var interval = timeval(timeout)
            evhttp_set_timeout_tv(http, &interval)
        }
        evhttp_set_gencb(http, requestReceived, Unmanaged.passUnretained(self).toOpaque())
        self.guardian = settings.connections.map { ConnectionGuard($0, of: http, on: loop) }
        AcceptFailure.watch(evhttp_bound_socket_get_listener(listener), of: http, for: self)
    }

    /// Sets a connection's timeout to the configured one.
    func setIdleTimeout(of connection: OpaquePointer) {
        guard let timeout = self.settings.idleTimeout else { return }
        var interval = timeval(timeout)
        evhttp_connection_set_timeout_tv(connection, &interval)
    }

    /// How often it is told that connections can't be accepted, which is tried ten times a second.
    private static let acceptFailureInterval = Duration.seconds(30)

    /// Stops accepting for a moment: the system has no descriptor to give.
    func acceptFailed(reason: String) {
        guard let listener = self.listener else { return }
        self.tellAcceptFailure(reason)
        if let guardian = self.guardian, guardian.makeRoom() { return }
        evconnlistener_disable(evhttp_bound_socket_get_listener(listener))
        self.loop.schedule(after: .milliseconds(100)) {
            guard let listener = self.listener else { return }
            evconnlistener_enable(evhttp_bound_socket_get_listener(listener))
        }
    }

    private func tellAcceptFailure(_ reason: String) {
        let now = ContinuousClock.now
        if let last = self.acceptFailures, now - last.toldAt < Self.acceptFailureInterval {
            self.acceptFailures?.untold += 1
            return
        }
        self.report(.acceptFailed(reason: reason, untold: self.acceptFailures?.untold ?? 0))
        self.acceptFailures = (now, 0)
    }

    // MARK: Requests

    fileprivate func received(_ request: UnsafeMutablePointer<evhttp_request>) {
        self.guardian?.requestRead(on: evhttp_request_get_connection(request))
        guard let method = HTTPMethod(evhttp_request_get_command(request)) else {
            return evhttp_send_error(request, HTTP_NOTIMPLEMENTED, nil)
        }
        let exchange = self.spare.popLast() ?? self.addExchange()
        self.activeCount += 1
        exchange.begin(request, method: method)
        let responder = Responder(exchange)
        if self.isStopping {
            return responder.reply(status: 503, text: "the server is stopping\n")
        }
        if request.pointee.headers_size > self.settings.maximumHeadBytes {
            return responder.reply(
                status: 431,
                text: "the head is longer than \(self.settings.maximumHeadBytes) bytes\n"
            )
        }
        let target = RequestReading.target(of: request)
        let path = RequestReading.pathRange(in: target)
        switch self.router.decide(method, target: target, path: path) {
        case .route(let match):
            exchange.name(match.route.pattern)
            let message = RequestReading.request(request, method: method, target: target, path: path, match: match)
            match.route.handler(message, responder)
        case .fallback(let handler):
            exchange.name("a path without route")
            let message = RequestReading.request(request, method: method, target: target, path: path, match: nil)
            handler(message, responder)
        case .methodNotAllowed(let allowed):
            let names = allowed.map(\.rawValue).joined(separator: ", ")
            responder.reply(
                status: 405,
                headers: [("Allow", names), ("Content-Type", "text/plain; charset=utf-8")],
                body: Array("method not allowed; allowed: \(names)\n".utf8)
            )
        }
    }

    private func addExchange() -> Exchange {
        let exchange = Exchange(core: self)
        self.exchanges.append(exchange)
        return exchange
    }

    // MARK: Stopping

    /// Stops accepting; ends the loop when all replies are out, at the latest after `grace`.
    func stop(grace: Duration) {
        guard !self.isStopping else { return }
        self.isStopping = true
        if let listener = self.listener { evhttp_del_accept_socket(self.http, listener) }
        self.listener = nil
        AcceptFailure.forget(self.http)
        if self.activeCount == 0 { return self.finish() }
        self.loop.schedule(after: grace) { self.finish() }
    }

    /// Takes back an exchange whose request is over.
    func released(_ exchange: Exchange) {
        self.activeCount -= 1
        guard !self.isFinished else { return }
        self.spare.append(exchange)
        // Later, because libevent is still working with the connection that this ends.
        if self.isStopping, self.activeCount == 0 { self.loop.performLater { self.finish() } }
    }

    /// Closes all connections and ends the loop.
    private func finish() {
        guard !self.isFinished else { return }
        self.isFinished = true
        evhttp_free(self.http)
        self.guardian?.end()
        self.guardian = nil
        self.exchanges = []
        self.spare = []
        // A handler may keep responders for later; through their exchanges they would keep it and all of this alive.
        self.router = Router()
        evbuffer_free(self.scratch)
        self.loop.end()
    }
}

private func requestReceived(_ request: UnsafeMutablePointer<evhttp_request>?, _ context: UnsafeMutableRawPointer?) {
    guard let request, let context else { return }
    Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue().received(request)
}

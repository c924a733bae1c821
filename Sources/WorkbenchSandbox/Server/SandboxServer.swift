// SPDX-License-Identifier: Apache-2.0

package import HTTPServer
import Synchronization

/// A sandbox behind an HTTP server on loopback or wherever it is told to listen.
package final class SandboxServer: Sendable {
    /// Address, key and behaviour of a sandbox.
    package struct Settings: Sendable {
        /// Interface to listen on; default `127.0.0.1`.
        package var host = "127.0.0.1"
        /// TCP port; 0, the default, takes any free one.
        package var port: UInt16 = 0
        /// The only key that it accepts; a secret.
        package var apiKey: String
        /// How long registering, building, deploying and stopping take; default: no time.
        package var clock = LifeCycleClock.instant
        /// Decides identifiers and durations.
        package var seed: UInt64
        /// File to which the audit is appended as it happens; default: none.
        package var auditFile: String?
        /// Projects, experiments and runs that are there from the start; default: none.
        package var runs: RecordedRuns?

        /// Settings with a key and a seed, the rest as by default.
        package init(apiKey: String, seed: UInt64) {
            self.apiKey = apiKey
            self.seed = seed
        }
    }

    private let glue: Glue
    private let server: HTTPServer

    /// Prepares a sandbox; nothing listens before `start()`.
    ///
    /// - Throws: `AuditFileFailure` if the audit file can't be opened, `RecordedRunsFailure` if the recorded runs don't
    ///   belong together.
    package init(settings: Settings) throws {
        var sandbox = Sandbox(apiKey: settings.apiKey, clock: settings.clock, seed: settings.seed)
        if let runs = settings.runs { try sandbox.workbench.add(runs, at: .now) }
        let glue = Glue(
            sandbox: sandbox,
            auditFile: try settings.auditFile.map { (path) throws(AuditFileFailure) in try AuditFile(path: path) }
        )
        var router = Router()
        router.setFallback { request, responder in glue.handle(request, responder) }
        self.glue = glue
        self.server = HTTPServer(
            settings: HTTPServerSettings(host: settings.host, port: settings.port, maximumBodyBytes: 6 << 20),
            routes: router
        )
    }

    /// Starts to listen.
    ///
    /// - Returns: Where; its `url` is the root below which `/api/v2` lies.
    /// - Throws: `HTTPServerError` if that is not possible.
    package func start() throws(HTTPServerError) -> BoundAddress {
        // Before the first request can come, since that may already have to be delayed.
        self.glue.scheduler.withLock { $0 = self.server }
        return try self.server.start()
    }

    /// Stops: replies under way get up to `grace`, held-back calls are dropped.
    package func stop(grace: Duration = .seconds(1)) async {
        await self.server.stop(grace: grace)
        self.glue.scheduler.withLock { $0 = nil }
    }
}

/// Joins the pure sandbox with sockets, delays, the clock and the audit file.
private final class Glue: Sendable {
    /// Set while the server runs; it and the server refer to each other only that long.
    let scheduler = Mutex<HTTPServer?>(nil)
    private let sandbox: Mutex<Sandbox>
    private let auditFile: AuditFile?
    private let startedAt = ContinuousClock.now
    private let startTime = WallTime.now

    init(sandbox: consuming Sandbox, auditFile: AuditFile?) {
        self.sandbox = Mutex(sandbox)
        self.auditFile = auditFile
    }

    /// The wall clock's time at the start and what the steady clock has counted since, so that time never jumps.
    private var now: WallTime {
        self.startTime + (ContinuousClock.now - self.startedAt)
    }

    func handle(_ request: HTTPServerRequest, _ responder: Responder) {
        let target = request.rawTarget
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        let call = SandboxRequest(
            method: request.method.rawValue,
            path: String(Substring(path)),
            query: request.rawQuery,
            authorization: request.header("Authorization"),
            body: request.body
        )
        let now = self.now
        let (delivery, lines) = self.sandbox.withLock { sandbox in
            (sandbox.receive(call, at: now), sandbox.takeNewAuditLines())
        }
        // On disk before the client can know of it.
        self.auditFile?.append(lines)
        if let late = delivery.late { self.schedule(after: late.after) { self.applyLate(late.call) } }
        if delivery.delay > .zero {
            self.schedule(after: delivery.delay) { send(delivery, to: responder) }
        } else {
            send(delivery, to: responder)
        }
    }

    private func applyLate(_ call: SandboxRequest) {
        let now = self.now
        let lines = self.sandbox.withLock { sandbox in
            sandbox.applyLate(call, at: now)
            return sandbox.takeNewAuditLines()
        }
        self.auditFile?.append(lines)
    }

    private func schedule(after delay: Duration, _ job: @escaping @Sendable () -> Void) {
        self.scheduler.withLock { $0 }?.schedule(after: delay, job)
    }
}

private func send(_ delivery: SandboxDelivery, to responder: Responder) {
    let reply = HTTPServerReply(status: delivery.status, headers: delivery.headers, body: delivery.body)
    switch delivery.extent {
    case .whole: responder.reply(reply)
    case .cut(afterBytes: 0): responder.closeWithoutReply()
    case .cut(let bytes): responder.reply(reply, cutAfterBytes: bytes)
    }
}

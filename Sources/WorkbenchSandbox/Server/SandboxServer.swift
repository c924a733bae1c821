// SPDX-License-Identifier: Apache-2.0

package import HTTPServer
import Synchronization
import Values

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

    private let handler: SandboxHandler
    private let server: HTTPServer

    /// Prepares a sandbox; nothing listens before `start()`.
    ///
    /// - Throws: `AuditFileFailure` if the audit file can't be opened, `RecordedRunsFailure` if the recorded runs don't
    ///   belong together.
    package init(settings: Settings) throws {
        var sandbox = Sandbox(apiKey: settings.apiKey, clock: settings.clock, seed: settings.seed)
        if let runs = settings.runs { try sandbox.workbench.add(runs, at: .now(in: .microseconds)) }
        let handler = SandboxHandler(
            sandbox: sandbox,
            auditFile: try settings.auditFile.map { (path) throws(AuditFileFailure) in try AuditFile(path: path) }
        )
        var router = Router()
        router.setFallback { request, responder in handler.handle(request, responder) }
        self.handler = handler
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
        self.handler.schedule(on: self.server)
        return try self.server.start()
    }

    /// Stops: replies under way get up to `grace`, held-back calls are dropped.
    package func stop(grace: Duration = .seconds(1)) async {
        await self.server.stop(grace: grace)
        self.handler.schedule(on: nil)
    }
}

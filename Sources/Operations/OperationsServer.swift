// SPDX-License-Identifier: Apache-2.0

package import HTTPServer
package import Telemetry

/// Answers an orchestrator's and a scraper's questions: alive, ready, metrics.
///
/// Every answer is made from a snapshot on the server's thread; nothing waits for the work that the process does.
package struct OperationsServer: Sendable {
    /// How long replies under way may take when the server ends.
    private static let stopGrace = Duration.seconds(1)

    private let server: HTTPServer

    /// Creates a server that does not listen yet.
    ///
    /// - Parameters:
    ///   - address: Where to listen.
    ///   - registry: What `/metrics` shows.
    ///   - readiness: What `/readyz` shows.
    ///   - logger: Told of what no client can be told, such as a connection that can't be accepted.
    package init(
        address: ListenAddress,
        registry: MetricsRegistry,
        readiness: any ReadinessSource,
        logger: Logger
    ) {
        let settings = HTTPServerSettings(
            host: address.host,
            port: address.port,
            // Nobody has more to say to these paths.
            maximumHeadBytes: 16 << 10,
            maximumBodyBytes: 0,
            connections: ConnectionLimits()
        )
        self.server = HTTPServer(
            settings: settings,
            routes: Self.routes(registry: registry, readiness: readiness),
            report: { logger.warning("operations server has a problem", ["problem": .describing($0)]) }
        )
    }

    /// Listens, so that a wrong address is known before any work begins.
    ///
    /// Whoever starts it has to `run` it as well: only the end of `run` stops it.
    ///
    /// - Returns: The address with the port that the system chose where 0 was configured.
    /// - Throws: `HTTPServerError` when it can't listen there.
    @discardableResult
    package func start() throws(HTTPServerError) -> BoundAddress {
        try self.server.start()
    }

    /// Serves until its task is cancelled, then closes the socket, lets replies finish and ends the thread.
    ///
    /// To be cancelled last at a shutdown, so that the shutdown itself can be watched.
    package func run() async {
        let (forever, continuation) = AsyncStream.makeStream(of: Never.self)
        for await _ in forever {}
        withExtendedLifetime(continuation) {}
        await self.server.stop(grace: Self.stopGrace)
    }

    private static func routes(registry: MetricsRegistry, readiness: any ReadinessSource) -> Router {
        var router = Router()
        router.add(.get, "/", name: "index") { _, responder in
            responder.reply(self.text(self.index))
        }
        router.add(.get, "/livez", name: "livez") { _, responder in
            responder.reply(self.text("ok\n"))
        }
        router.add(.get, "/readyz", name: "readyz") { _, responder in
            responder.reply(self.reply(readiness.readiness()))
        }
        router.add(.get, "/metrics", name: "metrics") { _, responder in
            responder.reply(self.text(registry.prometheusText(), type: MetricsText.contentType))
        }
        return router
    }

    private static let index = """
        slipway
          /livez    200 while the process runs
          /readyz   200 when it can work, 503 with the cause when not (JSON)
          /metrics  Prometheus text

        """

    private static func reply(_ report: ReadinessReport) -> HTTPServerReply {
        var json = report.json
        json.append(UInt8(ascii: "\n"))
        return self.bytes(json, type: "application/json", status: report.isReady ? 200 : 503)
    }

    private static func text(
        _ text: String,
        type: String = "text/plain; charset=utf-8",
        status: Int = 200
    ) -> HTTPServerReply {
        self.bytes(Array(text.utf8), type: type, status: status)
    }

    private static func bytes(_ body: [UInt8], type: String, status: Int) -> HTTPServerReply {
        HTTPServerReply(
            status: status,
            headers: [
                (name: "Content-Type", value: type),
                // An answer of a moment ago is a wrong answer.
                (name: "Cache-Control", value: "no-store"),
                (name: "X-Content-Type-Options", value: "nosniff"),
            ],
            body: body
        )
    }
}

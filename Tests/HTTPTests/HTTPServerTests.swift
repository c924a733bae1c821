// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Testing

/// Runs `body` with a server that is stopped afterwards.
func withServer<Result>(
    _ settings: HTTPServerSettings = HTTPServerSettings(),
    report: @escaping @Sendable (HTTPServerProblem) -> Void = HTTPServer.reportToStandardError,
    routes: (inout Router) -> Void,
    _ body: (HTTPServer, BoundAddress) async throws -> Result
) async throws -> Result {
    var router = Router()
    routes(&router)
    let server = HTTPServer(settings: settings, routes: router, report: report)
    let address = try server.start()
    do {
        let result = try await body(server, address)
        await server.stop(grace: .seconds(5))
        return result
    } catch {
        await server.stop(grace: .zero)
        throw error
    }
}

private let close = "Host: localhost\r\nConnection: close\r\n\r\n"

@Suite(.timeLimit(.minutes(1)))
struct HTTPServerTests {
    @Test func replyHasStatusHeadersAndBody() async throws {
        try await withServer { router in
            router.add(.get, "/hello/{name}") { request, responder in
                responder.reply(status: 200, text: "hello \(request.parameter("name") ?? "?")")
            }
        } _: { _, address in
            let reply = try await exchange(port: address.port, "GET /hello/a%2Fb HTTP/1.1\r\n\(close)")
            #expect(reply.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(reply.contains("Content-Length: 9\r\n"))
            #expect(reply.hasSuffix("\r\n\r\nhello a/b"))
        }
    }
}

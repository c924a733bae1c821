// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import HTTPServer
import Telemetry
import Testing
import Values

@testable import WorkbenchAPI

/// The client over genuine sockets: what a transport's double can't prove.
@Suite("On the wire", .timeLimit(.minutes(1)))
struct WireTests {
    private static let created = #"{"id":"m-1","name":"n","access_key":"\#(SecretTests.accessKey)"}"#

    private static func reply(_ text: String, status: Int = 200) -> HTTPServerReply {
        HTTPServerReply(status: status, headers: [("Content-Type", "application/json")], body: Array(text.utf8))
    }

    /// Runs `body` with a client of a server that answers every creation of a model by `handler`.
    private func withServer<Result>(
        timeout: Duration = .seconds(10),
        handler: @escaping RequestHandler,
        _ body: (WorkbenchClient) async throws -> Result
    ) async throws -> Result {
        var routes = Router()
        routes.add(.post, "/api/v2/projects/{project_id}/models", handler: handler)
        let server = HTTPServer(settings: HTTPServerSettings(), routes: routes)
        let address = try server.start()
        let transport = HTTPClient()
        let client = WorkbenchClient(
            transport: transport,
            dialect: Dialect(
                baseURL: try ServiceURL(address.url),
                requestTimeout: timeout,
                maximumResponseBytes: 64 << 10
            ),
            credentials: FixedCredential(Secret(testKey))
        )
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body(client))
        } catch {
            result = .failure(error)
        }
        await transport.close()
        await server.stop(grace: .zero)
        return try result.get()
    }

    private func failureOfCreation(
        timeout: Duration = .seconds(10),
        handler: @escaping RequestHandler
    ) async throws -> APIError? {
        try await self.withServer(timeout: timeout, handler: handler) { client in
            await failure(of: { () throws(APIError) in try await client.perform(.createModel(ErrorTests.request)) })
        }
    }

    @Test func aCallReachesTheServerWhole() async throws {
        let model = try await self.withServer { request, responder in
            let isWhole =
                request.header("authorization") == "Bearer \(testKey)"
                && request.header("content-type") == "application/json"
                && request.parameter("project_id") == "p/ö" && !request.body.isEmpty
            responder.reply(isWhole ? Self.reply(Self.created) : Self.reply("{}", status: 400))
        } _: { client in
            try await client.perform(.createModel(ModelRequest(projectID: "p/ö", name: "n")))
        }
        #expect(model.id == "m-1")
        #expect(model.accessKey.reveal() == SecretTests.accessKey)
    }

    @Test(arguments: [0, 20, 110])
    func aCutAnswerLeavesTheOutcomeOpen(bytes: Int) async throws {
        let error = try await self.failureOfCreation { _, responder in
            responder.reply(Self.reply(Self.created), cutAfterBytes: bytes)
        }
        #expect(error?.outcome == .unknown)
        #expect(error?.kind == .unavailable || error?.kind == .protocol)
    }

    @Test func aSilentServerIsATimeout() async throws {
        let error = try await self.failureOfCreation(timeout: .milliseconds(200)) { _, responder in
            responder.raw([], thenClose: false)
        }
        #expect(error?.kind == .timeout)
        #expect(error?.outcome == .unknown)
    }

    @Test func anEndlessAnswerEnds() async throws {
        let error = try await self.failureOfCreation { _, responder in
            responder.reply(Self.reply(#"{"id":""# + String(repeating: "x", count: 128 << 10) + #""}"#))
        }
        #expect(error?.kind == .protocol)
        #expect(error?.outcome == .unknown)
    }

    @Test func aLoginPageIsNamed() async throws {
        let error = try await self.failureOfCreation { _, responder in
            responder.reply(HTTPServerReply(status: 302, headers: [("Location", "https://login.example.com/?next=x")]))
        }
        #expect(error?.kind == .protocol)
        #expect(error?.message.hasPrefix("redirected to https://login.example.com/: ") == true)
    }

    @Test func whatIsNoHTTPIsAProtocolError() async throws {
        let error = try await self.failureOfCreation { _, responder in
            responder.raw(Array("SSH-2.0-OpenSSH_9.2\r\n".utf8), thenClose: true)
        }
        #expect(error?.outcome == .unknown)
        #expect(error?.isRetryable == (error?.kind == .unavailable))
    }

    @Test func aClosedPortWasNotReached() async throws {
        let server = HTTPServer(settings: HTTPServerSettings(), routes: Router())
        let address = try server.start()
        await server.stop(grace: .zero)
        let transport = HTTPClient()
        let client = WorkbenchClient(
            transport: transport,
            dialect: Dialect(
                baseURL: try ServiceURL(address.url)
            ),
            credentials: FixedCredential(Secret(testKey))
        )
        let error = await failure(of: { () throws(APIError) in
            try await client.perform(.createModel(ErrorTests.request))
        })
        await transport.close()
        #expect(error?.kind == .unavailable)
        #expect(error?.outcome == .notApplied)
        #expect(error?.isRetryable == true)
    }
}

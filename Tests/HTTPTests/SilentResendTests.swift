// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import HTTPValues
import Testing

/// A server may apply a request and then end the kept connection without a word.
///
/// libcurl takes that for a connection that was closed while idle and sends the request again: harmless for a read, a
/// second object for a create.
@Suite(.timeLimit(.minutes(1)))
struct SilentResendTests {
    /// Answers the first request, applies the second and drops the connection, answers all later ones.
    private static let script = [ScriptedServer.ok, .close]

    @Test(arguments: ["POST", "PUT", "PATCH", "DELETE"])
    func creatingCallWithABodyReachesTheServerOnce(method: String) async throws {
        let server = try ScriptedServer(Self.script)
        try await withClient { client in
            let request = HTTPRequest(method: method, url: server.url, body: Array("{\"name\":1}".utf8))
            let first = try await client.send(request)
            #expect(first.status == 200)
            let failure = await failure(of: request, by: client)
            #expect(failure?.kind == .cut && failure?.mayHaveBeenSent == true)
        }
        // Connection reuse is kept: both travelled on the first connection, and nothing on any other.
        #expect(server.origins == [1, 1])
        await server.stop()
    }

    @Test(arguments: ["POST", "DELETE"])
    func creatingCallWithoutABodyReachesTheServerOnce(method: String) async throws {
        let server = try ScriptedServer(Self.script)
        try await withClient { client in
            let first = try await client.send(HTTPRequest(method: "GET", url: server.url))
            #expect(first.status == 200)
            let failure = await failure(of: HTTPRequest(method: method, url: server.url), by: client)
            #expect(failure?.kind == .cut && failure?.mayHaveBeenSent == true)
        }
        #expect(server.requests.filter { $0.hasPrefix(method) }.count == 1)
        await server.stop()
    }

    @Test func readIsSilentlyRepeated() async throws {
        let server = try ScriptedServer(Self.script)
        try await withClient { client in
            for number in 0..<2 {
                let response = try await client.send(HTTPRequest(method: "GET", url: "\(server.url)/\(number)"))
                #expect(response.status == 200)
            }
        }
        #expect(server.origins == [1, 1, 2])
        #expect(server.requests.map { $0.prefix(6) } == ["GET /0", "GET /1", "GET /1"])
        await server.stop()
    }

    @Test func repeatableCallWithABodyIsSilentlyRepeated() async throws {
        let server = try ScriptedServer(Self.script)
        try await withClient { client in
            let request = HTTPRequest(method: "PUT", url: server.url, body: Array("whole".utf8), isRepeatable: true)
            for _ in 0..<2 {
                let response = try await client.send(request)
                #expect(response.status == 200)
            }
        }
        #expect(server.requests.count == 3 && server.requests.allSatisfy { $0.hasSuffix("whole") })
        await server.stop()
    }
}

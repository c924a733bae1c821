// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import HTTPServer
import HTTPValues
import TestSupport
import Testing

/// Starting and stopping.
@Suite(.timeLimit(.minutes(1)))
struct LifecycleTests {
    @Test func addressThatIsTakenIsNamed() async throws {
        try await withServer { _ in
        } _: { server, address in
            let second = HTTPServer(settings: HTTPServerSettings(port: address.port), routes: Router())
            #expect(throws: HTTPServerError.addressInUse(address: "127.0.0.1:\(address.port)")) { try second.start() }
            #expect(throws: HTTPServerError.alreadyStarted) { try server.start() }
            await second.stop(grace: .zero)
        }
    }

    @Test(arguments: ["no-such-host.invalid", "192.0.2.1", "::ffff:192.0.2.1"])
    func addressOfAnotherMachineIsNamed(host: String) {
        let server = HTTPServer(settings: HTTPServerSettings(host: host), routes: Router())
        let error = #expect(throws: HTTPServerError.self) { try server.start() }
        guard case .invalidAddress(let address, _) = error else {
            Issue.record("unexpected: \(String(describing: error))")
            return
        }
        #expect(address.contains(host))
    }

    @Test func urlIsFitForAClient() {
        #expect(BoundAddress(host: "0.0.0.0", port: 1).url == "http://127.0.0.1:1")
        #expect(BoundAddress(host: "::", port: 1).url == "http://[::1]:1")
        #expect(BoundAddress(host: "fe80::1", port: 1).url == "http://[fe80::1]:1")
        #expect(BoundAddress(host: "host", port: 1).url == "http://host:1")
    }

    @Test func stopLetsRepliesUnderWayFinish() async throws {
        let kept = Gathered<Responder>()
        var router = Router()
        router.add(.get, "/x") { _, responder in kept.add(responder) }
        let server = HTTPServer(settings: HTTPServerSettings(), routes: router)
        let address = try server.start()
        let idle = try RawConnection(port: address.port)
        await idle.send("GET /other HTTP/1.1\r\nHost: x\r\n\r\n")
        _ = await idle.read(until: "no such path")
        try await withClient { client in
            async let response = client.send(HTTPRequest(method: "GET", url: "\(address.url)/x"))
            let responder = try #require(await kept.next())
            async let stopped: Void = server.stop(grace: .seconds(30))
            // The server takes commands in order, so the refusal shows that it is stopping.
            await self.waitUntilRefused(idle)
            #expect(throws: SocketError.self) { try RawConnection(port: address.port) }
            responder.reply(status: 200, body: [UInt8](repeating: 7, count: 2_000_000))
            let whole = try await response
            #expect(whole.body.count == 2_000_000 && whole.header("connection") == "close")
            await stopped
        }
        await idle.close()
        await server.stop(grace: .zero)
    }

    /// Sends requests over an open connection until the server says that it stops.
    private func waitUntilRefused(_ connection: RawConnection) async {
        while true {
            await connection.send("GET /other HTTP/1.1\r\nHost: x\r\n\r\n")
            let reply = await connection.read(until: "\n")
            if reply.contains(" 503 ") || reply.isEmpty { return }
            if !reply.contains("no such path") { _ = await connection.read(until: "no such path") }
        }
    }

    @Test func stopEndsAtItsGrace() async throws {
        let kept = Gathered<Responder>()
        let streams = Gathered<StreamWriter>()
        let late = Gathered<Bool>()
        var router = Router()
        router.add(.get, "/x") { _, responder in kept.add(responder) }
        router.add(.get, "/stream") { _, responder in streams.add(responder.stream(status: 200)) }
        let server = HTTPServer(settings: HTTPServerSettings(), routes: router)
        let address = try server.start()
        try await withClient { client in
            async let response = failure(of: HTTPRequest(method: "GET", url: "\(address.url)/x"), by: client)
            async let stream = failure(of: HTTPRequest(method: "GET", url: "\(address.url)/stream"), by: client)
            let responder = try #require(await kept.next())
            let writer = try #require(await streams.next())
            server.schedule(after: .seconds(3600)) { late.add(true) }
            await server.stop(grace: .milliseconds(50))
            #expect(await response?.kind == .cut)
            #expect(await stream?.kind == .cut)
            // All of these meet a server that is no more.
            responder.reply(status: 200)
            #expect(writer.isClosed && writer.write([1]) == .closed)
            server.schedule(after: .zero) { late.add(true) }
        }
        #expect(late.all.isEmpty)
    }

    @Test func serversStopWithWhatTheyHold() async throws {
        // Responders that nobody answers are dropped together with the server's last jobs.
        for _ in 0..<20 {
            let kept = Gathered<Responder>()
            var router = Router()
            router.add(.get, "/x") { _, responder in kept.add(responder) }
            let server = HTTPServer(settings: HTTPServerSettings(), routes: router) { _ in }
            let address = try server.start()
            let connection = try RawConnection(port: address.port)
            await connection.send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
            let responder = try #require(await kept.next())
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await server.stop(grace: .zero) }
                group.addTask { responder.reply(status: 200) }
                group.addTask { server.schedule(after: .zero) { responder.reply(status: 200) } }
            }
            await connection.close()
        }
    }
}

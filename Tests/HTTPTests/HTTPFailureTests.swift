// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPClient
import HTTPServer
import HTTPValues
import TestSupport
import Testing

/// What the client says when there is no response, and above all whether the server can have got the request.
@Suite(.timeLimit(.minutes(1)))
struct HTTPFailureTests {
    // MARK: Certainly not sent

    @Test func refusedConnectionIsNotSent() async throws {
        let port = try unusedPort()
        try await withClient { client in
            let request = HTTPRequest(method: "POST", url: "http://127.0.0.1:\(port)/p?key=secret", body: [1])
            let failure = try #require(await failure(of: request, by: client))
            #expect(failure.kind == .connect && !failure.mayHaveBeenSent)
            #expect(failure.message.contains("http://127.0.0.1:\(port)") && !failure.message.contains("secret"))
        }
    }

    @Test func unknownHostIsNotSent() async throws {
        try await withClient { client in
            let request = HTTPRequest(method: "POST", url: "http://no-such-host.invalid/", body: [1])
            let failure = try #require(await failure(of: request, by: client))
            #expect(failure.kind == .resolve && !failure.mayHaveBeenSent)
            #expect(failure.message.contains("no-such-host.invalid"))
        }
    }

    @Test func unreachableProxyIsNotSent() async throws {
        let port = try unusedPort()
        for proxy in ["http://user:secret@127.0.0.1:\(port)", "http://user:secret@no-such-proxy.invalid:1"] {
            var settings = HTTPClientSettings()
            settings.proxy = .url(proxy)
            try await withClient(settings) { client in
                for scheme in ["http", "https"] {
                    let request = HTTPRequest(method: "POST", url: "\(scheme)://127.0.0.1:1/", body: [1])
                    let failure = try #require(await failure(of: request, by: client))
                    #expect(failure.kind == .proxy || failure.kind == .connect)
                    #expect(!failure.mayHaveBeenSent && !failure.message.contains("secret"))
                }
            }
        }
    }

    @Test func proxyThatRefusesATunnelIsNotSent() async throws {
        let proxy = try ScriptedServer([.reply("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")])
        var settings = HTTPClientSettings()
        settings.proxy = .url(proxy.url)
        try await withClient(settings) { client in
            let request = HTTPRequest(method: "POST", url: "https://workbench.invalid/", body: [1])
            let failure = try #require(await failure(of: request, by: client))
            #expect(failure.kind == .proxy && !failure.mayHaveBeenSent, "\(failure)")
        }
        #expect(proxy.requests.first?.hasPrefix("CONNECT workbench.invalid:443 ") == true)
        await proxy.stop()
    }

    @Test func timeoutWhileConnectingIsNotSent() async throws {
        // A full queue of a server that accepts nobody: the system drops further attempts.
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        let port = try listenLocally(descriptor, backlog: 0)
        let first = try RawConnection(port: port)
        try await withClient { client in
            let request = HTTPRequest(
                method: "POST",
                url: "http://127.0.0.1:\(port)/",
                body: [1],
                timeout: .milliseconds(200)
            )
            let failure = try #require(await failure(of: request, by: client))
            #expect(failure.kind == .timeout && !failure.mayHaveBeenSent)
        }
        await first.close()
    }

    @Test func timeoutWhileWaitingForAConnectionIsNotSent() async throws {
        let kept = Gathered<Responder>()
        try await withServer { router in
            router.add(.get, "/x") { _, responder in kept.add(responder) }
        } _: { _, address in
            var settings = HTTPClientSettings()
            settings.maximumConnections = 1
            try await withClient(settings) { client in
                async let first = client.send(HTTPRequest(method: "GET", url: "\(address.url)/x"))
                let responder = try #require(await kept.next())
                let late = HTTPRequest(method: "GET", url: "\(address.url)/x", timeout: .milliseconds(50))
                let failure = try #require(await failure(of: late, by: client))
                #expect(failure.kind == .timeout && !failure.mayHaveBeenSent)
                responder.reply(status: 200)
                #expect(try await first.status == 200)
            }
        }
        #expect(kept.all.count == 1)
    }

    // MARK: Perhaps sent

    @Test func timeoutAfterSendingMayHaveBeenSent() async throws {
        let kept = Gathered<Responder>()
        try await withServer { router in
            router.add(.post, "/x") { _, responder in kept.add(responder) }
        } _: { _, address in
            try await withClient { client in
                let request = HTTPRequest(
                    method: "POST",
                    url: "\(address.url)/x",
                    body: [1],
                    timeout: .milliseconds(200)
                )
                let failure = try #require(await failure(of: request, by: client))
                #expect(failure.kind == .timeout && failure.mayHaveBeenSent)
            }
            kept.all.first?.reply(status: 200)
        }
        #expect(kept.all.count == 1)
    }

    @Test func everyCutIsPerhapsSent() async throws {
        try await withServer { router in
            let reply = HTTPServerReply(status: 200, body: Array("0123456789".utf8))
            router.add(.post, "/nothing") { _, responder in responder.closeWithoutReply() }
            router.add(.post, "/head") { _, responder in responder.reply(reply, cutAfterBytes: 12) }
            router.add(.post, "/fields") { _, responder in responder.reply(reply, cutAfterBytes: 40) }
            router.add(.post, "/body") { _, responder in responder.reply(reply, cutAfterBytes: reply.size - 3) }
            router.add(.post, "/stream") { _, responder in responder.stream(status: 200).write([1, 2, 3]) }
        } _: { _, address in
            try await withClient { client in
                for path in ["/nothing", "/head", "/fields", "/body", "/stream"] {
                    let request = HTTPRequest(method: "POST", url: address.url + path, body: [1])
                    let failure = await failure(of: request, by: client)
                    #expect(
                        failure?.kind == .cut && failure?.mayHaveBeenSent == true,
                        "\(path): \(String(describing: failure))"
                    )
                }
            }
        }
    }

    @Test(arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "\u{15}\u{03}\u{01}\r\n", "<html>no</html>\r\n\r\n"])
    func answerThatIsNoHTTPIsNamed(answer: String) async throws {
        try await withServer { router in
            router.add(.post, "/x") { _, responder in responder.raw(Array(answer.utf8), thenClose: true) }
        } _: { _, address in
            try await withClient { client in
                let request = HTTPRequest(method: "POST", url: "\(address.url)/x", body: [1])
                let failure = try #require(await failure(of: request, by: client))
                #expect(failure.kind == .malformedResponse && failure.mayHaveBeenSent, "\(failure)")
            }
        }
    }

    @Test func rawBytesCanBeAResponse() async throws {
        try await withServer { router in
            router.add(.get, "/x") { _, responder in
                responder.raw(Array("HTTP/1.1 299 Odd\r\nContent-Length: 3\r\n\r\nodd".utf8), thenClose: false)
            }
        } _: { _, address in
            try await withClient { client in
                let response = try await client.send(HTTPRequest(method: "GET", url: "\(address.url)/x"))
                #expect(response.status == 299 && response.text == "odd")
            }
        }
    }

    // MARK: Cancelling and closing

    @Test func cancellingEndsTheTransfer() async throws {
        let server = try ScriptedServer([.awaitClose])
        try await withClient { client in
            let request = HTTPRequest(method: "POST", url: server.url, body: [1])
            let result = await withTaskGroup(of: HTTPFailure?.self) { group in
                group.addTask { await failure(of: request, by: client) }
                await server.waitForRequests(1)
                group.cancelAll()
                return await group.next() ?? nil
            }
            #expect(result?.kind == .cancelled && result?.mayHaveBeenSent == true)
            // Before the client closes: the connection's end is the cancellation's doing.
            await server.waitForClientClose()
        }
        await server.stop()
    }

    @Test func cancelledTaskSendsNothing() async throws {
        let server = try ScriptedServer([])
        try await withClient { client in
            let request = HTTPRequest(method: "POST", url: server.url, body: [1])
            let result = await withTaskGroup(of: HTTPFailure?.self) { group in
                group.cancelAll()
                group.addTask { await failure(of: request, by: client) }
                return await group.next() ?? nil
            }
            #expect(result?.kind == .cancelled && result?.mayHaveBeenSent == false)
        }
        #expect(server.requests.isEmpty)
        await server.stop()
    }

    @Test func closingFailsWhatIsUnderWay() async throws {
        let kept = Gathered<Responder>()
        try await withServer { router in
            router.add(.post, "/x") { _, responder in kept.add(responder) }
        } _: { _, address in
            var settings = HTTPClientSettings()
            settings.maximumConnections = 1
            let client = HTTPClient(settings: settings)
            let request = HTTPRequest(method: "POST", url: "\(address.url)/x", body: [1])
            let failures = await withTaskGroup(of: HTTPFailure?.self) { group in
                group.addTask { await failure(of: request, by: client) }
                _ = await kept.next()
                group.addTask { await failure(of: request, by: client) }
                await client.close()
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(failures.allSatisfy { $0?.kind == .closed })
            #expect(Set(failures.map { $0?.mayHaveBeenSent }) == [true, false])
            let late = await failure(of: request, by: client)
            #expect(late?.kind == .closed && late?.mayHaveBeenSent == false)
            await client.close()
            kept.all.first?.reply(status: 200)
        }
    }
}

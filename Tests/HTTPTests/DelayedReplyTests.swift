// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import HTTPServer
import HTTPValues
import TestSupport
import Testing
import Threads

/// Replies that come later, in pieces or to nobody.
@Suite(.timeLimit(.minutes(1)))
struct DelayedReplyTests {
    @Test func replyMayComeFromAnyTask() async throws {
        let kept = Gathered<Responder>()
        try await withServer { router in
            router.add(.get, "/x") { _, responder in kept.add(responder) }
        } _: { _, address in
            try await withClient { client in
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<50 {
                        group.addTask {
                            try await client.send(HTTPRequest(method: "GET", url: "\(address.url)/x")).status
                        }
                    }
                    for _ in 0..<50 { await kept.next()?.reply(status: 202) }
                    for try await status in group { #expect(status == 202) }
                }
            }
        }
    }

    @Test func scheduledRepliesComeInOrderOfTheirTimes() async throws {
        let order = Gathered<String>()
        // Its routes hold the server that holds them, until the box is emptied.
        let box = Locked<HTTPServer?>(nil)
        try await withServer { router in
            router.add(.get, "/{delay}") { request, responder in
                let delay = request.parameter("delay") ?? ""
                box.withLock { $0 }?.schedule(after: .milliseconds(Int(delay) ?? 0)) {
                    order.add(delay)
                    responder.reply(
                        status: 200,
                        text: String(
                            describing: request.receivedAt.duration(to: .now) >= .milliseconds(Int(delay) ?? 0)
                        )
                    )
                }
            }
        } _: { server, address in
            box.withLock { $0 = server }
            defer { box.withLock { $0 = nil } }
            try await withClient { client in
                try await withThrowingTaskGroup(of: String.self) { group in
                    for delay in [300, 20, 150] {
                        group.addTask {
                            try await client.send(HTTPRequest(method: "GET", url: "\(address.url)/\(delay)")).text
                        }
                    }
                    for try await text in group { #expect(text == "true") }
                }
            }
        }
        #expect(order.all == ["20", "150", "300"])
    }

    @Test(arguments: [false, true])
    func clientThatIsGoneBeforeTheReplyIsHarmless(reset: Bool) async throws {
        // One of the responders is to be dropped.
        let given = Gathered<Responder>(keepsAll: false)
        let problems = Gathered<HTTPServerProblem>()
        try await withServer(report: problems.add) { router in
            router.add(.get, "/late") { _, responder in given.add(responder) }
            router.add(.get, "/now") { _, responder in responder.reply(status: 200, text: "now") }
        } _: { _, address in
            let answers: [@Sendable (Responder) -> Void] = [
                { $0.reply(status: 200, body: [UInt8](repeating: 1, count: 5_000_000)) },
                { $0.closeWithoutReply() },
                { $0.reply(HTTPServerReply(status: 200), cutAfterBytes: 5) },
                { $0.raw([1, 2, 3], thenClose: false) },
                { $0.raw([UInt8](repeating: 1, count: 5_000_000), thenClose: true) },
                { _ in },
                {
                    let stream = $0.stream(status: 200)
                    for _ in 0..<100 { stream.write([UInt8](repeating: 1, count: 50_000)) }
                    stream.end()
                },
            ]
            for answer in answers {
                let connection = try RawConnection(port: address.port)
                await connection.send("GET /late HTTP/1.1\r\nHost: x\r\n\r\n")
                let responder = try #require(await given.next())
                await connection.close(reset: reset)
                answer(responder)
                let next = try await exchange(
                    port: address.port,
                    "GET /now HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                )
                #expect(next.hasSuffix("now"))
            }
        }
    }

    @Test func streamArrivesPieceByPiece() async throws {
        let streams = Gathered<StreamWriter>()
        try await withServer { router in
            router.add(.get, "/events") { _, responder in
                streams.add(responder.stream(status: 200, headers: [("Content-Type", "text/event-stream")]))
            }
        } _: { _, address in
            let connection = try RawConnection(port: address.port)
            await connection.send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
            let stream = try #require(await streams.next())
            for number in 1...3 {
                #expect(stream.write(Array("data: \(number)\n\n".utf8)) == .open)
                let text = await connection.read(until: "data: \(number)\n\n")
                #expect(text.contains("data: \(number)\n\n"))
            }
            stream.end()
            let rest = await connection.read(until: "0\r\n\r\n")
            #expect(rest.hasSuffix("0\r\n\r\n") && stream.isClosed && stream.write([1]) == .closed)
            // The connection lives on.
            await connection.send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
            let second = try #require(await streams.next())
            second.end()
            let reply = await connection.read(until: "0\r\n\r\n")
            #expect(reply.hasPrefix("HTTP/1.1 200 OK\r\n") && reply.contains("text/event-stream"))
            await connection.close()
        }
    }

    @Test func streamForAnOldClientEndsWithTheConnection() async throws {
        try await withServer { router in
            router.add(.get, "/x") { _, responder in
                let stream = responder.stream(status: 200)
                stream.write(Array("old".utf8))
                stream.end()
            }
        } _: { _, address in
            let reply = try await exchange(port: address.port, "GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(reply.hasSuffix("\r\n\r\nold"))
        }
    }

    @Test func writerLearnsThatTheClientHasGone() async throws {
        let streams = Gathered<StreamWriter>()
        let closed = Gathered<Bool>()
        try await withServer { router in
            router.add(.get, "/x") { _, responder in
                let stream = responder.stream(status: 200)
                stream.onClose { closed.add(true) }
                streams.add(stream)
            }
        } _: { _, address in
            let connection = try RawConnection(port: address.port)
            await connection.send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
            let stream = try #require(await streams.next())
            await connection.close()
            #expect(await closed.next() == true)
            #expect(stream.isClosed && stream.write([1]) == .closed)
            let isReady = await stream.ready()
            #expect(!isReady)
        }
    }

    @Test func fullStreamIsReadyWhenTheClientHasCaughtUp() async throws {
        let streams = Gathered<StreamWriter>()
        try await withServer { router in
            router.add(.get, "/x") { _, responder in streams.add(responder.stream(status: 200)) }
        } _: { _, address in
            let connection = try RawConnection(port: address.port)
            await connection.send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
            let stream = try #require(await streams.next())
            var written = 0
            while stream.write([UInt8](repeating: 46, count: 100_000)) == .open { written += 1 }
            #expect(written < 200, "the system's buffers must end somewhere")
            try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask { await stream.ready() }
                group.addTask {
                    let text = await connection.read(until: "end")
                    return text.hasSuffix("end\r\n0\r\n\r\n") || text.contains("end")
                }
                let isReady = try await group.next()
                #expect(isReady == true)
                stream.write(Array("end".utf8))
                stream.end()
                let isWhole = try await group.next()
                #expect(isWhole == true)
            }
            await connection.close()
        }
    }

    @Test func waitingForTheClientCanBeCancelled() async throws {
        let streams = Gathered<StreamWriter>()
        try await withServer { router in
            router.add(.get, "/x") { _, responder in streams.add(responder.stream(status: 200)) }
        } _: { _, address in
            let connection = try RawConnection(port: address.port)
            await connection.send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
            let stream = try #require(await streams.next())
            while stream.write([UInt8](repeating: 46, count: 100_000)) == .open {}
            let isReady = await withTaskGroup(of: Bool.self) { group in
                group.addTask { await stream.ready() }
                group.cancelAll()
                return await group.next() ?? true
            }
            #expect(!isReady)
            await connection.close()
        }
    }

    @Test func droppedStreamClosesTheConnectionAndIsReported() async throws {
        let problems = Gathered<HTTPServerProblem>()
        try await withServer(report: problems.add) { router in
            router.add(.get, "/x") { _, responder in responder.stream(status: 200).write(Array("part".utf8)) }
        } _: { _, address in
            let reply = try await exchange(port: address.port, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(!reply.contains("0\r\n\r\n"))
        }
        #expect(problems.all == [.streamDropped(route: "/x")])
    }
}

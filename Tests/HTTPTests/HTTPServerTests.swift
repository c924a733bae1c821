// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import TestSupport
import Testing

private let close = "Host: localhost\r\nConnection: close\r\n\r\n"

/// The server as seen on the wire.
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

    @Test func requestShowsAllItsParts() async throws {
        let seen = Gathered<[String]>()
        try await withServer { router in
            router.add(.post, "/runs/{run_id}:logbatch", name: "log") { request, responder in
                seen.add([
                    request.method.rawValue, request.path, request.rawTarget, request.rawQuery,
                    request.parameter("run_id") ?? "-", request.parameter("other") ?? "-",
                    request.template ?? "-", request.routeName ?? "-",
                    request.queryItems.map { "\($0.name)=\($0.value)" }.joined(separator: ","),
                    request.query("a") ?? "-", request.query("none") ?? "-",
                    request.header("X-ONE") ?? "-", request.headers.all("x-two").joined(separator: ","),
                    request.header("x-three") ?? "-", String(decoding: request.body, as: UTF8.self),
                    request.remoteAddress, String(request.remotePort > 0),
                ])
                responder.reply(status: 204)
            }
        } _: { _, address in
            let reply = try await exchange(
                port: address.port,
                "POST /runs/r%20%C3%BC%2F1:logbatch?a=1+2&a=%26&b HTTP/1.1\r\nx-one: 1\r\nX-Two: 2\r\nX-two: 3\r\n"
                    + "Content-Length: 4\r\n" + close + "body"
            )
            #expect(reply.hasPrefix("HTTP/1.1 204 No Content\r\n"))
        }
        #expect(
            seen.all == [
                [
                    "POST", "/runs/r ü/1:logbatch", "/runs/r%20%C3%BC%2F1:logbatch?a=1+2&a=%26&b", "a=1+2&a=%26&b",
                    "r ü/1", "-", "/runs/{run_id}:logbatch", "log", "a=1 2,a=&,b=", "1 2", "-", "1", "2,3", "-", "body",
                    "127.0.0.1", "true",
                ]
            ]
        )
    }

    @Test(arguments: HTTPMethod.allCases)
    func everyMethodIsServed(method: HTTPMethod) async throws {
        try await withServer { router in
            router.add(method, "/x") { _, responder in responder.reply(status: 200, text: method.rawValue) }
        } _: { _, address in
            let reply = try await exchange(port: address.port, "\(method.rawValue) /x HTTP/1.1\r\n\(close)")
            #expect(reply.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(reply.hasSuffix(method == .head ? "\r\n\r\n" : "\r\n\r\n\(method.rawValue)"))
            #expect(reply.contains("Content-Length: \(method.rawValue.utf8.count)\r\n"))
        }
    }

    @Test func headIsAnsweredByGetWithoutItsBody() async throws {
        try await withServer { router in
            router.add(.get, "/x") { _, responder in responder.reply(status: 200, text: "four") }
        } _: { _, address in
            let reply = try await exchange(port: address.port, "HEAD /x HTTP/1.1\r\n\(close)")
            #expect(reply.contains("Content-Length: 4\r\n") && reply.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func unknownPathAndMethodAreTold() async throws {
        try await withServer { router in
            router.add(.get, "/x") { _, responder in responder.reply(status: 200) }
            router.add(.put, "/x") { _, responder in responder.reply(status: 200) }
        } _: { _, address in
            let missing = try await exchange(port: address.port, "GET /y HTTP/1.1\r\n\(close)")
            #expect(missing.hasPrefix("HTTP/1.1 404 "))
            let refused = try await exchange(port: address.port, "DELETE /x HTTP/1.1\r\n\(close)")
            #expect(refused.hasPrefix("HTTP/1.1 405 ") && refused.contains("Allow: GET, HEAD, PUT\r\n"))
        }
    }

    @Test func requestsOnOneConnectionAreServedInOrder() async throws {
        try await withServer { router in
            router.add(.get, "/{n}") { request, responder in
                responder.reply(status: 200, text: "<\(request.parameter("n") ?? "")>")
            }
        } _: { _, address in
            let head = "HTTP/1.1\r\nHost: localhost\r\n\r\n"
            let replies = try await exchange(
                port: address.port,
                "GET /1 \(head)GET /2 \(head)GET /3 HTTP/1.1\r\n\(close)"
            )
            #expect(replies.components(between: "<", and: ">") == ["1", "2", "3"])
        }
    }

    // MARK: Limits and malformed requests

    @Test func tooLongAHeadIsRefused() async throws {
        try await withServer(HTTPServerSettings(maximumHeadBytes: 1000)) { router in
            router.add(.get, "/x") { _, responder in responder.reply(status: 200) }
        } _: { _, address in
            let little = try await exchange(
                port: address.port,
                "GET /x HTTP/1.1\r\nA: \(String(repeating: "a", count: 1200))\r\n\(close)"
            )
            #expect(little.hasPrefix("HTTP/1.1 431 "))
            let much = try await exchange(
                port: address.port,
                "GET /x HTTP/1.1\r\nA: \(String(repeating: "a", count: 20_000))\r\n\(close)"
            )
            #expect(much.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test func tooLongABodyIsRefused() async throws {
        try await withServer(HTTPServerSettings(maximumBodyBytes: 1000)) { router in
            router.add(.post, "/x") { request, responder in responder.reply(status: 200, body: request.body) }
        } _: { _, address in
            func post(_ count: Int) async throws -> String {
                let body = String(repeating: "a", count: count)
                return try await exchange(
                    port: address.port,
                    "POST /x HTTP/1.1\r\nContent-Length: \(count)\r\n\(close)\(body)"
                )
            }
            let fitting = try await post(1000)
            #expect(fitting.hasPrefix("HTTP/1.1 200 "))
            let over = try await post(1001)
            #expect(over.hasPrefix("HTTP/1.1 413 "))
            let farOver = try await post(1_000_000)
            #expect(farOver.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test(arguments: [
        "\r\n\r\n", "GET\r\n\r\n", "GET /x\r\n\r\n", "GET /x HTTP/9\r\n\r\n", "BREW /x HTTP/1.1\r\n\r\n",
        "GET /x HTTP/1.1\r\nno colon\r\n\r\n", "POST /x HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "\u{16}\u{03}\u{01}\u{02}\r\n\r\n",
        "GET http:// HTTP/1.1\r\n\r\n", "GET ://x HTTP/1.1\r\n\r\n", "OPTIONS * HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET %zz?%zz=%&%1#f HTTP/1.1\r\nConnection: close\r\n\r\n", "CONNECT x:1 HTTP/1.1\r\n\r\n",
        "GET /x HTTP/1.1\r\nExpect: magic\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx",
    ])
    func malformedRequestIsRefusedAndTheNextOneServed(request: String) async throws {
        try await withServer { router in
            router.add(.get, "/x") { _, responder in responder.reply(status: 200, text: "served") }
        } _: { _, address in
            let connection = try RawConnection(port: address.port)
            await connection.send(request)
            await connection.endSending()
            let reply = await connection.read()
            #expect(reply.isEmpty || reply.contains("HTTP/1.1 4") || reply.contains("HTTP/1.1 501"))
            await connection.close()
            let next = try await exchange(port: address.port, "GET /x HTTP/1.1\r\n\(close)")
            #expect(next.hasSuffix("served"))
        }
    }

    @Test func wholeURLAsTargetIsRouted() async throws {
        try await withServer { router in
            router.add(.get, "/x/{y}") { request, responder in
                responder.reply(status: 200, text: "\(request.parameter("y") ?? "-") \(request.query("q") ?? "-")")
            }
        } _: { _, address in
            let reply = try await exchange(port: address.port, "GET http://h:1/x/z?q=1 HTTP/1.1\r\n\(close)")
            #expect(reply.hasSuffix("z 1"))
        }
    }

    // MARK: Handlers that misbehave

    @Test func droppedResponderGives500AndAReport() async throws {
        let problems = Gathered<HTTPServerProblem>()
        try await withServer(report: problems.add) { router in
            router.add(.get, "/x") { _, _ in }
        } _: { _, address in
            let reply = try await exchange(port: address.port, "GET /x HTTP/1.1\r\n\(close)")
            #expect(reply.hasPrefix("HTTP/1.1 500 "))
        }
        #expect(problems.all == [.droppedWithoutReply(route: "/x")])
    }

    @Test func secondReplyIsIgnoredAndReported() async throws {
        let problems = Gathered<HTTPServerProblem>()
        try await withServer(report: problems.add) { router in
            router.add(.get, "/x") { _, responder in
                responder.reply(status: 200, text: "first")
                responder.reply(status: 500, text: "second")
                #expect(responder.stream(status: 200).isClosed)
            }
        } _: { _, address in
            let reply = try await exchange(port: address.port, "GET /x HTTP/1.1\r\n\(close)")
            #expect(reply.hasSuffix("first"))
        }
        #expect(problems.all == [.secondReply(route: "/x"), .secondReply(route: "/x")])
    }

    @Test func headerWithALineEndIsLeftOut() async throws {
        let problems = Gathered<HTTPServerProblem>()
        try await withServer(report: problems.add) { router in
            router.add(.get, "/x") { _, responder in
                responder.reply(status: 200, headers: [("X-A", "1\r\nX-B: 2"), ("X-C", "3")])
            }
        } _: { _, address in
            let reply = try await exchange(port: address.port, "GET /x HTTP/1.1\r\n\(close)")
            #expect(!reply.contains("X-B") && reply.contains("X-C: 3\r\n"))
        }
        #expect(problems.all == [.invalidHeader(name: "X-A")])
    }
}

extension String {
    /// The parts between two marks, in order.
    func components(between start: Character, and end: Character) -> [String] {
        self.split(separator: start).dropFirst().compactMap { part in
            part.firstIndex(of: end).map { String(part[..<$0]) }
        }
    }
}

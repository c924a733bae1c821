// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import HTTPServer
import HTTPValues
import Testing

/// The client against our server.
@Suite(.timeLimit(.minutes(1)))
struct HTTPClientTests {
    @Test(arguments: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"], [false, true])
    func requestArrivesAsGiven(method: String, hasBody: Bool) async throws {
        // A body with GET or HEAD has no meaning in HTTP.
        guard !hasBody || !["GET", "HEAD"].contains(method) else { return }
        let seen = Gathered<(method: String, body: String, names: Set<String>, value: String?)>()
        try await withServer { router in
            for method in HTTPMethod.allCases {
                router.add(method, "/x") { request, responder in
                    let names = Set(request.headers.pairs.map { $0.name.lowercased() })
                    let body = String(decoding: request.body, as: UTF8.self)
                    seen.add((request.method.rawValue, body, names, request.header("x-empty")))
                    responder.reply(status: 201, headers: [("X-Reply", "  yes ")], body: Array("done".utf8))
                }
            }
        } _: { _, address in
            try await withClient { client in
                let response = try await client.send(
                    HTTPRequest(
                        method: method,
                        url: "\(address.url)/x?q=1",
                        headers: [("X-Empty", ""), ("Authorization", "Bearer k")],
                        body: hasBody ? Array("body".utf8) : nil
                    )
                )
                #expect(response.status == 201)
                #expect(response.header("x-reply") == "yes")
                #expect(response.text == (method == "HEAD" ? "" : "done"))
            }
        }
        let request = try #require(seen.all.first)
        #expect(seen.all.count == 1 && request.method == method && request.body == (hasBody ? "body" : ""))
        #expect(request.value?.isEmpty == true && request.names.contains("authorization"))
        #expect(request.names.isDisjoint(with: ["expect", "content-type", "transfer-encoding"]))
    }

    @Test func nothingOfOneRequestIsLeftInTheNext() async throws {
        let seen = Gathered<String>()
        try await withServer { router in
            for method in HTTPMethod.allCases {
                router.add(method, "/{n}") { request, responder in
                    let parts = [request.method.rawValue, request.parameter("n"), request.header("x-n")]
                    let length = request.header("content-length")
                    let body = String(decoding: request.body, as: UTF8.self)
                    seen.add((parts + [length, body]).map { $0 ?? "-" }.joined(separator: " "))
                    responder.reply(status: 200, text: "reply")
                }
            }
        } _: { _, address in
            var settings = HTTPClientSettings()
            settings.maximumConnections = 1
            try await withClient(settings) { client in
                let requests: [(method: String, body: String?)] = [
                    ("HEAD", nil), ("POST", "one"), ("GET", nil), ("PUT", "three"), ("DELETE", nil), ("POST", nil),
                    ("OPTIONS", nil), ("PATCH", "seven"), ("HEAD", nil), ("DELETE", "nine"), ("GET", nil),
                ]
                for (number, request) in requests.enumerated() {
                    let response = try await client.send(
                        HTTPRequest(
                            method: request.method,
                            url: "\(address.url)/\(number)",
                            headers: number.isMultiple(of: 3) ? [("X-N", "\(number)")] : [],
                            body: request.body.map { Array($0.utf8) }
                        )
                    )
                    #expect(response.text == (request.method == "HEAD" ? "" : "reply"))
                }
            }
        }
        #expect(
            seen.all == [
                "HEAD 0 0 - ", "POST 1 - 3 one", "GET 2 - - ", "PUT 3 3 5 three", "DELETE 4 - - ", "POST 5 - 0 ",
                "OPTIONS 6 6 - ", "PATCH 7 - 5 seven", "HEAD 8 - - ", "DELETE 9 9 4 nine", "GET 10 - - ",
            ]
        )
    }

    @Test func largeBodiesTravelBothWays() async throws {
        let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) }
        try await withServer { router in
            router.add(.post, "/x") { request, responder in responder.reply(status: 200, body: request.body) }
        } _: { _, address in
            try await withClient { client in
                let request = HTTPRequest(method: "POST", url: "\(address.url)/x", body: body)
                let response = try await client.send(request)
                #expect(response.body == body)
            }
        }
    }

    @Test func redirectIsAResponse() async throws {
        try await withServer { router in
            router.add(.post, "/x") { _, responder in responder.reply(status: 307, headers: [("Location", "/y")]) }
        } _: { _, address in
            try await withClient { client in
                let response = try await client.send(HTTPRequest(method: "POST", url: "\(address.url)/x"))
                #expect(response.status == 307 && response.header("location") == "/y")
            }
        }
    }

    @Test func manyRequestsShareFewConnections() async throws {
        let ports = Gathered<UInt16>()
        try await withServer { router in
            router.add(.get, "/{n}") { request, responder in
                ports.add(request.remotePort)
                responder.reply(status: 200, text: request.parameter("n") ?? "")
            }
        } _: { _, address in
            var settings = HTTPClientSettings()
            settings.maximumConnections = 32
            try await withClient(settings) { client in
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<2000 {
                        group.addTask {
                            try await client.send(HTTPRequest(method: "GET", url: "\(address.url)/\(number)")).text
                                == "\(number)"
                        }
                    }
                    for try await isRight in group { #expect(isRight) }
                }
            }
        }
        #expect(ports.all.count == 2000)
        #expect(Set(ports.all).count <= 32)
    }

    @Test func tooLongAResponseEndsTheTransfer() async throws {
        try await withServer { router in
            router.add(.get, "/length") { _, responder in
                responder.reply(status: 200, body: [UInt8](repeating: 1, count: 1001))
            }
            router.add(.get, "/chunks") { _, responder in
                let stream = responder.stream(status: 200)
                for _ in 0..<3 { stream.write([UInt8](repeating: 1, count: 500)) }
                stream.end()
            }
        } _: { _, address in
            try await withClient { client in
                for path in ["/length", "/chunks"] {
                    var request = HTTPRequest(method: "GET", url: address.url + path, maximumResponseBytes: 1000)
                    let failure = await failure(of: request, by: client)
                    #expect(failure?.kind == .responseTooLarge && failure?.mayHaveBeenSent == true)
                    request.maximumResponseBytes = 1500
                    let response = try await client.send(request)
                    #expect(response.status == 200)
                }
            }
        }
    }

    @Test(arguments: [
        ("GET", "ftp://host/", "A", "1"), ("GET", "http://host/a b", "A", "1"), ("G ET", "http://host/", "A", "1"),
        ("GET", "http://host/", "A:", "1"), ("GET", "http://host/", "A", "1\r\nB: 2"), ("GET", "nonsense", "A", "1"),
        ("GET", "http://u:secret@host/ü?secret", "A", "1"), ("GET", "http://host/", "", "secret"),
        ("GET", "http://:99999/", "A", "1"),
    ])
    func invalidRequestIsRefused(method: String, url: String, name: String, value: String) async throws {
        try await withClient { client in
            let request = HTTPRequest(method: method, url: url, headers: [(name, value)])
            let failure = await failure(of: request, by: client)
            #expect(failure?.kind == .invalidRequest && failure?.mayHaveBeenSent == false)
            #expect(failure?.description.contains("secret") == false)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPClient
import HTTPServer
import HTTPValues
import TestSupport
import Testing

/// Many requests at once, and requests that must not be sent any more.
@Suite(.timeLimit(.minutes(1)))
struct BatchTests {
    @Test func eachOfManyEndsOnceUnderItsName() async throws {
        try await withServer { router in
            router.add(.get, "/{n}") { request, responder in
                responder.reply(status: 200, text: request.parameter("n") ?? "")
            }
        } _: { _, address in
            try await withClient { client in
                let receiver = EndGatherer()
                let before = ContinuousClock.now
                client.start(
                    (0..<1000).map {
                        HTTPStart(token: $0, request: HTTPRequest(method: "GET", url: "\(address.url)/\($0)"))
                    },
                    to: receiver
                )
                let ends = await receiver.next(1000)
                #expect(Set(ends.map(\.token)).count == 1000)
                for end in ends {
                    #expect(end.response?.text == "\(end.token)")
                    #expect(end.startedAt.map { $0 > before } == true)
                }
                #expect(receiver.threads == ["http-out"])
            }
        }
    }

    @Test func whatEndsInOneTurnIsReportedInOneCall() async throws {
        try await withClient { client in
            let invalid = HTTPRequest(method: "GET", url: "nonsense")
            let first = EndGatherer()
            let second = EndGatherer()
            // On the client's thread, so that both are part of its next turn.
            let starter = EndGatherer { _ in
                client.start((1...3).map { HTTPStart(token: $0, request: invalid) }, to: first)
                client.start((1...2).map { HTTPStart(token: $0, request: invalid) }, to: second)
                client.start([HTTPStart(token: 4, request: invalid)], to: first)
            }
            client.start([HTTPStart(token: 0, request: invalid)], to: starter)
            #expect(await first.nextCall().map(\.token) == [1, 2, 3, 4])
            #expect(await second.nextCall().map(\.token) == [1, 2])
        }
    }

    @Test func startOfNothingReportsNothing() async throws {
        try await withClient { client in
            let receiver = EndGatherer()
            client.start([], to: receiver)
            client.cancelUnstarted([], of: receiver)
            client.start([HTTPStart(token: 1, request: HTTPRequest(method: "GET", url: "nonsense"))], to: receiver)
            #expect(await receiver.nextCall().map(\.token) == [1])
        }
    }

    // MARK: Start limit

    @Test func pastStartLimitSendsNothing() async throws {
        let server = try ScriptedServer([])
        try await withClient { client in
            let receiver = EndGatherer()
            let request = HTTPRequest(method: "POST", url: server.url, body: [1])
            let now = ContinuousClock.now
            client.start(
                [
                    HTTPStart(token: 1, request: request, startBefore: now - .nanoseconds(1)),
                    HTTPStart(token: 2, request: request, startBefore: now + .seconds(60)),
                ],
                to: receiver
            )
            let ends = await receiver.next(2)
            #expect(ends.map(\.token) == [1, 2])
            #expect(ends[0].isNotStarted)
            #expect(ends[1].response?.status == 200 && ends[1].startedAt != nil)
        }
        #expect(server.requests.count == 1)
        await server.stop()
    }

    @Test func startLimitPassesWhileItWaitsForAConnection() async throws {
        try await withHeldConnection { client, url, held in
            let receiver = EndGatherer()
            let late = HTTPRequest(method: "GET", url: url)
            client.start([HTTPStart(token: 1, request: late, startBefore: .now + .milliseconds(50))], to: receiver)
            // Even though nothing else happens meanwhile.
            let ends = await receiver.next(1)
            #expect(ends[0].isNotStarted)
            held.reply(status: 200)
        }
    }

    @Test func startLimitPassesWhileItsConnectionIsMade() async throws {
        // A full queue: the system drops attempts to connect until there is room for the client's next one.
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        let port = try listenLocally(descriptor, backlog: 0)
        // A connection that doesn't come is a failure, not a thread of the pool that waits for ever.
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let filler = try RawConnection(port: port)
        var settings = HTTPClientSettings()
        settings.connectTimeout = .seconds(60)
        try await withClient(settings) { client in
            let receiver = EndGatherer()
            let url = "http://127.0.0.1:\(port)/"
            let limited = HTTPRequest(method: "POST", url: url, body: [1], timeout: .seconds(60))
            client.start(
                [
                    HTTPStart(token: 1, request: limited, startBefore: .now + .seconds(2)),
                    HTTPStart(token: 2, request: HTTPRequest(method: "GET", url: url, timeout: .milliseconds(2500))),
                ],
                to: receiver
            )
            // It timed out, so the other one's limit has passed, too.
            let first = await receiver.next(1)
            try #require(first[0].token == 2 && first[0].failure?.kind == .timeout && first[0].startedAt == nil)
            close(accept(descriptor, nil, nil))
            let second = await receiver.next(1)
            #expect(second[0].token == 1 && second[0].isNotStarted, "\(second)")
            // The connection was established, and nothing came over it.
            let connection = accept(descriptor, nil, nil)
            var byte: UInt8 = 0
            #expect(connection >= 0 && recv(connection, &byte, 1, 0) == 0)
            close(connection)
        }
        await filler.close()
    }

    // MARK: Withdrawing

    @Test func onlyWhatIsNotStartedIsWithdrawn() async throws {
        try await withHeldConnection { client, url, held in
            let receiver = EndGatherer()
            let other = EndGatherer()
            let request = HTTPRequest(method: "GET", url: url)
            client.start((1...4).map { HTTPStart(token: $0, request: request) }, to: receiver)
            client.start([HTTPStart(token: 2, request: request)], to: other)
            client.cancelUnstarted([2, 4, 99], of: receiver)
            let ends = await receiver.next(2)
            #expect(ends.map(\.token) == [2, 4] && ends.allSatisfy(\.isNotStarted))
            held.reply(status: 200)
            let rest = await receiver.next(2)
            #expect(rest.map(\.token) == [1, 3])
            let others = await other.next(1)
            for end in rest + others { #expect(end.response?.status == 200) }
        }
    }

    @Test func whatIsUnderWayIsNotWithdrawn() async throws {
        let kept = Gathered<Responder>()
        try await withServer { router in
            router.add(.post, "/x") { _, responder in kept.add(responder) }
        } _: { _, address in
            try await withClient { client in
                let receiver = EndGatherer()
                let request = HTTPRequest(method: "POST", url: "\(address.url)/x", body: [1])
                client.start([HTTPStart(token: 1, request: request)], to: receiver)
                let responder = try #require(await kept.next())
                client.cancelUnstarted([1], of: receiver)
                // Its end shows that what came before it has been dealt with.
                let later = HTTPRequest(method: "GET", url: "nonsense")
                client.start([HTTPStart(token: 2, request: later)], to: receiver)
                #expect(await receiver.nextCall().map(\.token) == [2])
                responder.reply(status: 201)
                let end = await receiver.next(1)[0]
                #expect(end.token == 1 && end.response?.status == 201)
            }
        }
    }

    @Test func whatIsStillConnectingIsWithdrawn() async throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        let port = try listenLocally(descriptor, backlog: 0)
        // A connection that doesn't come is a failure, not a thread of the pool that waits for ever.
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let filler = try RawConnection(port: port)
        try await withClient { client in
            let receiver = EndGatherer()
            let request = HTTPRequest(method: "POST", url: "http://127.0.0.1:\(port)/", body: [1])
            client.start([HTTPStart(token: 1, request: request)], to: receiver)
            client.cancelUnstarted([1], of: receiver)
            #expect(await receiver.next(1)[0].isNotStarted)
        }
        await filler.close()
    }

    // MARK: Closing

    @Test func closingEndsWhatIsUnderWayAndWhatComesLater() async throws {
        let kept = Gathered<Responder>()
        try await withServer { router in
            router.add(.post, "/x") { _, responder in kept.add(responder) }
        } _: { _, address in
            var settings = HTTPClientSettings()
            settings.maximumConnections = 1
            let client = HTTPClient(settings: settings)
            let receiver = EndGatherer()
            let request = HTTPRequest(method: "POST", url: "\(address.url)/x", body: [1])
            client.start((1...3).map { HTTPStart(token: $0, request: request) }, to: receiver)
            _ = await kept.next()
            await client.close()
            let ends = await receiver.nextCall()
            #expect(ends.map(\.token) == [1, 2, 3] && ends.allSatisfy { $0.failure?.kind == .closed })
            #expect(ends.map { $0.failure?.mayHaveBeenSent } == [true, false, false])
            #expect(ends.map { $0.startedAt != nil } == [true, false, false])
            client.start([HTTPStart(token: 4, request: request)], to: receiver)
            client.cancelUnstarted([4], of: receiver)
            let late = await receiver.nextCall()
            #expect(late.map(\.token) == [4] && late[0].failure?.kind == .closed)
            #expect(kept.all.count == 1)
            kept.all.first?.reply(status: 200)
        }
    }

    // MARK: Parts

    /// Runs `body` with a client whose only connection is taken by a request that waits for its reply.
    private func withHeldConnection(_ body: (HTTPClient, String, Responder) async throws -> Void) async throws {
        let kept = Gathered<Responder>()
        try await withServer { router in
            router.add(.get, "/held") { _, responder in kept.add(responder) }
            router.add(.get, "/x") { _, responder in responder.reply(status: 200) }
        } _: { _, address in
            var settings = HTTPClientSettings()
            settings.maximumConnections = 1
            try await withClient(settings) { client in
                async let first = client.send(HTTPRequest(method: "GET", url: "\(address.url)/held"))
                let responder = try #require(await kept.next())
                try await body(client, "\(address.url)/x", responder)
                #expect(try await first.status == 200)
            }
        }
    }
}

/// Keeps the ends that it receives, call by call.
private final class EndGatherer: HTTPReceiver {
    private let calls = Gathered<[HTTPEnd]>(keepsAll: false)
    private let names = Gathered<String>()
    private let reaction: @Sendable ([HTTPEnd]) -> Void

    init(_ reaction: @escaping @Sendable ([HTTPEnd]) -> Void = { _ in }) {
        self.reaction = reaction
    }

    func ended(_ ends: [HTTPEnd]) {
        self.names.add(nameOfThisThread())
        self.reaction(ends)
        self.calls.add(ends)
    }

    /// Names of the threads that it was called on.
    var threads: Set<String> { Set(self.names.all) }

    func nextCall() async -> [HTTPEnd] { await self.calls.next() ?? [] }

    /// Waits until so many more requests have ended.
    func next(_ count: Int) async -> [HTTPEnd] {
        var ends: [HTTPEnd] = []
        while ends.count < count { ends += await self.nextCall() }
        return ends
    }
}

private func nameOfThisThread() -> String {
    let file = open("/proc/thread-self/comm", O_RDONLY)
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = read(file, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count - 1)), as: UTF8.self)
}

extension HTTPEnd {
    fileprivate var response: HTTPResponse? {
        if case .success(let response) = self.result { response } else { nil }
    }

    fileprivate var failure: HTTPFailure? {
        if case .failure(let failure) = self.result { failure } else { nil }
    }

    /// Whether it is certain that nothing was sent, because it was too late or withdrawn.
    fileprivate var isNotStarted: Bool {
        self.failure?.kind == .notStarted && self.failure?.mayHaveBeenSent == false && self.startedAt == nil
    }
}

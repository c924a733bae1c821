// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import HTTPServer
import HTTPValues
import Threads

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

/// Runs `body` with a client that is closed afterwards.
func withClient<Result>(
    _ settings: HTTPClientSettings = HTTPClientSettings(),
    _ body: (HTTPClient) async throws -> Result
) async throws -> Result {
    let client = HTTPClient(settings: settings)
    do {
        let result = try await body(client)
        await client.close()
        return result
    } catch {
        await client.close()
        throw error
    }
}

/// The failure that a request ends with; `nil` when it has a response.
func failure(of request: HTTPRequest, by client: HTTPClient) async -> HTTPFailure? {
    do throws(HTTPFailure) {
        _ = try await client.send(request)
        return nil
    } catch {
        return error
    }
}

/// Gathers values from any thread.
final class Gathered<Value: Sendable>: Sendable {
    private let values = Locked<[Value]>([])
    let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    private let keepsAll: Bool

    /// Creates a list; one that does not keep all gives each value away with `next`.
    init(keepsAll: Bool = true) {
        self.keepsAll = keepsAll
        (self.stream, self.continuation) = AsyncStream.makeStream()
    }

    var all: [Value] { self.values.withLock { $0 } }

    func add(_ value: Value) {
        if self.keepsAll { self.values.withLock { $0.append(value) } }
        self.continuation.yield(value)
    }

    /// Waits for the next value.
    func next() async -> Value? {
        var iterator = self.stream.makeAsyncIterator()
        return await iterator.next()
    }
}

extension HTTPResponse {
    var text: String { String(decoding: self.body, as: UTF8.self) }
}

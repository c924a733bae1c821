// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import HTTPValues
import Synchronization

/// The worker's way to the workbench: sends requests on, or to where nobody listens, and keeps what it saw.
///
/// Nothing is made up: a refused connection is a real one, made by the real client.
final class Detour: HTTPTransport {
    /// Which requests don't arrive.
    enum Refusal: Sendable {
        case nothing
        /// Every request.
        case everything
        /// The first request to each path that ends so.
        case firstPost(pathSuffixes: [String])
    }

    /// The start or the end of one request.
    struct Event: Sendable {
        var path: String
        /// Requests under way, this one included.
        var underWay: Int
        var at: ContinuousClock.Instant
        /// `nil` at the start, then whether it was answered with 2xx.
        var succeeded: Bool?
    }

    private struct State {
        var refusal: Refusal
        var events: [Event] = []
        var underWay = 0
        var refused = 0

        mutating func isRefused(_ method: String, _ path: String) -> Bool {
            switch self.refusal {
            case .nothing: return false
            case .everything: break
            case .firstPost(var suffixes):
                guard method == "POST", let index = suffixes.firstIndex(where: { path.hasSuffix($0) }) else {
                    return false
                }
                suffixes.remove(at: index)
                self.refusal = .firstPost(pathSuffixes: suffixes)
            }
            self.refused += 1
            return true
        }
    }

    private let client: HTTPClient
    private let origin: String
    private let state: Mutex<State>
    private let (changes, changed) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// Port 1 of the loopback interface: reserved, and nothing listens there.
    private static let nowhere = "http://127.0.0.1:1"

    /// Creates a detour in front of a workbench.
    init(_ client: HTTPClient, origin: String, refusing refusal: Refusal = .nothing) {
        self.client = client
        self.origin = origin
        self.state = Mutex(State(refusal: refusal))
    }

    /// What was seen so far, in order.
    var events: [Event] { self.state.withLock { $0.events } }

    /// Requests that were sent to where nobody listens.
    var refusedCount: Int { self.state.withLock { $0.refused } }

    /// Waits until so many further requests have begun, and returns what was seen since it was asked.
    ///
    /// One caller at a time.
    func next(requests count: Int) async -> [Event] {
        let before = self.events.count
        for await _ in self.changes {
            let events = self.events.dropFirst(before)
            if events.count(where: { $0.succeeded == nil }) >= count { return Array(events) }
        }
        return []
    }

    func refuse(_ refusal: Refusal) { self.state.withLock { $0.refusal = refusal } }

    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        let path = String(request.url.dropFirst(self.origin.count).prefix { $0 != "?" })
        var request = request
        let isRefused = self.state.withLock { state in
            state.underWay += 1
            state.events.append(Event(path: path, underWay: state.underWay, at: .now, succeeded: nil))
            return state.isRefused(request.method, path)
        }
        self.changed.yield()
        if isRefused { request.url = Self.nowhere + request.url.dropFirst(self.origin.count) }
        do {
            let response = try await self.client.send(request)
            self.ended(path, succeeded: (200...299).contains(response.status))
            return response
        } catch {
            self.ended(path, succeeded: false)
            throw error
        }
    }

    private func ended(_ path: String, succeeded: Bool) {
        self.state.withLock { state in
            state.events.append(Event(path: path, underWay: state.underWay, at: .now, succeeded: succeeded))
            state.underWay -= 1
        }
    }
}

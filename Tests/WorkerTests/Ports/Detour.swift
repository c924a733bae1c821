// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Machine
import Synchronization
import WorkbenchAPI

/// The worker's way to the workbench: sends requests on, or to where nobody listens, and keeps what it saw.
///
/// Nothing is made up: a refused connection is a real one, made by the real client.
final class Detour: PortTap {
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
        /// Paths of the requests under way.
        var underWay: [RequestID: String] = [:]
        var refused = 0

        mutating func isRefused(_ request: PlannedRequest) -> Bool {
            switch self.refusal {
            case .nothing: return false
            case .everything: break
            case .firstPost(var suffixes):
                guard request.method == "POST", let index = suffixes.firstIndex(where: { request.path.hasSuffix($0) })
                else {
                    return false
                }
                suffixes.remove(at: index)
                self.refusal = .firstPost(pathSuffixes: suffixes)
            }
            self.refused += 1
            return true
        }
    }

    private let state: Mutex<State>
    private let (changes, changed) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// Port 1 of the loopback interface: reserved, and nothing listens there.
    private static let nowhere = "http://127.0.0.1:1"

    /// Creates a detour in front of a workbench.
    init(refusing refusal: Refusal = .nothing) { self.state = Mutex(State(refusal: refusal)) }

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

    func pass(_ order: WorkbenchOrder, to port: any WorkbenchPort) {
        guard case .start(let requests) = order else { return port.perform(order) }
        port.perform(.start(requests.map { self.began($0) }))
        self.changed.yield()
    }

    private func began(_ request: PlannedRequest) -> PlannedRequest {
        let isRefused = self.state.withLock { state in
            state.underWay[request.id] = request.path
            state.events.append(
                Event(path: request.path, underWay: state.underWay.count, at: .now, succeeded: nil)
            )
            return state.isRefused(request)
        }
        var request = request
        if isRefused { request.send.request.url = Self.nowhere + request.path }
        return request
    }

    func pass(_ facts: [Input]) -> [Input] {
        for case .workbench(let answers) in facts {
            for answer in answers { self.ended(answer) }
        }
        return facts
    }

    private func ended(_ answer: WorkbenchAnswer) {
        let succeeded =
            if case .response(let response) = answer.outcome { (200...299) ~= response.status } else { false }
        self.state.withLock { state in
            let count = state.underWay.count
            guard let path = state.underWay.removeValue(forKey: answer.id) else { return }
            state.events.append(Event(path: path, underWay: count, at: .now, succeeded: succeeded))
        }
    }
}

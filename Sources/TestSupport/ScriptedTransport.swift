// SPDX-License-Identifier: Apache-2.0

package import HTTPValues
import Synchronization

/// A transport without a network: answers requests from a script or by a function, and keeps what was asked.
package final class ScriptedTransport: HTTPTransport {
    /// What becomes of one request.
    package enum Step: Sendable {
        /// It is answered.
        case answer(HTTPResponse)
        /// It fails on the way.
        case fail(HTTPFailure)
        /// Nothing comes back until the caller gives up; then it counts as sent.
        case hang

        /// Answers with JSON.
        package static func json(
            _ text: String,
            status: Int = 200,
            headers: [(name: String, value: String)] = []
        ) -> Step {
            let type = (name: "Content-Type", value: "application/json")
            return .answer(HTTPResponse(status: status, headers: [type] + headers, body: Array(text.utf8)))
        }
    }

    private struct State {
        var requests: [HTTPRequest] = []
        var steps: [Step]
    }

    private let state: Mutex<State>
    private let decide: (@Sendable (HTTPRequest) -> Step)?

    /// Creates a transport that takes the steps in order; a request after the last one fails with kind `closed`.
    package init(_ steps: Step...) {
        self.state = Mutex(State(steps: steps))
        self.decide = nil
    }

    /// Creates a transport that asks `decide` for each request.
    package init(_ decide: @escaping @Sendable (HTTPRequest) -> Step) {
        self.state = Mutex(State(steps: []))
        self.decide = decide
    }

    /// All requests so far, in order.
    package var requests: [HTTPRequest] { self.state.withLock { $0.requests } }

    package func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        let scripted = self.state.withLock { state -> Step? in
            state.requests.append(request)
            return state.steps.isEmpty ? nil : state.steps.removeFirst()
        }
        switch self.decide?(request) ?? scripted {
        case .answer(let response)?:
            return response
        case .fail(let failure)?:
            throw failure
        case .hang?:
            let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
            // Ends when the task is cancelled, and only then: nobody feeds or finishes it.
            for await _ in stream {}
            withExtendedLifetime(continuation) {}
            throw HTTPFailure(kind: .cancelled, mayHaveBeenSent: true, message: "cancelled")
        case nil:
            throw HTTPFailure(kind: .closed, mayHaveBeenSent: false, message: "the script has no further step")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One request on its way through the client, and the task that waits for it.
final class Call: @unchecked Sendable {
    // Safe: `continuation` is set before the call is handed to the loop and then touched only by the loop's thread.
    let request: HTTPRequest
    let deadline: ContinuousClock.Instant
    /// Set from any thread; may come before the loop knows of the call.
    let isCancelled = Atomic(false)
    private var continuation: CheckedContinuation<Result<HTTPResponse, HTTPFailure>, Never>?
    /// The transfer while one is under way.
    var transfer: Transfer?

    init(_ request: HTTPRequest) {
        self.request = request
        self.deadline = .now + request.timeout
    }

    func wait(with continuation: CheckedContinuation<Result<HTTPResponse, HTTPFailure>, Never>) {
        self.continuation = continuation
    }

    var isFinished: Bool { self.continuation == nil }

    /// Answers the task; a second answer does nothing.
    func finish(_ result: Result<HTTPResponse, HTTPFailure>) {
        guard let continuation = self.continuation else { return }
        self.continuation = nil
        continuation.resume(returning: result)
    }

    func fail(_ kind: HTTPFailure.Kind, mayHaveBeenSent: Bool, _ message: String) {
        self.finish(.failure(HTTPFailure(kind: kind, mayHaveBeenSent: mayHaveBeenSent, message: message)))
    }
}

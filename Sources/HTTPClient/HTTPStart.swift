// SPDX-License-Identifier: Apache-2.0

package import HTTPValues

/// One request that is to be started, with the name under which its end comes back.
package struct HTTPStart: Sendable {
    /// Names the request to its receiver; no other one of that receiver that has not ended may have it.
    package var token: UInt64
    /// What is to be sent.
    package var request: HTTPRequest
    /// The last moment at which it may be handed to its connection; `nil` for no such limit.
    ///
    /// Later it is not sent and ends with a failure of kind `notStarted`: what entitled it to be sent is too old.
    package var startBefore: ContinuousClock.Instant?

    /// Names a request.
    package init(token: UInt64, request: HTTPRequest, startBefore: ContinuousClock.Instant? = nil) {
        self.token = token
        self.request = request
        self.startBefore = startBefore
    }
}

/// How one request ended.
package struct HTTPEnd: Sendable {
    /// The token that the request was started with.
    package var token: UInt64
    /// When it was handed to an established connection, right before its first byte could leave; `nil` if it never was.
    package var startedAt: ContinuousClock.Instant?
    /// The response, or why there is none.
    package var result: Result<HTTPResponse, HTTPFailure>

    /// Creates an end.
    package init(token: UInt64, startedAt: ContinuousClock.Instant?, result: Result<HTTPResponse, HTTPFailure>) {
        self.token = token
        self.startedAt = startedAt
        self.result = result
    }
}

/// Receives the ends of requests.
package protocol HTTPReceiver: AnyObject, Sendable {
    /// Takes everything that has ended since the last call, in order.
    ///
    /// Called on the client's thread, which does nothing else meanwhile, so it must not block. It may start and cancel
    /// requests.
    func ended(_ ends: [HTTPEnd])
}

// SPDX-License-Identifier: Apache-2.0

/// A fault that takes a whole call, so that only one can hit it.
package enum Interception: Sendable, Equatable {
    /// Another answer than the call's own.
    case answer(FalseAnswer)
    /// The connection closes; the call is not applied.
    case dropBefore
    /// The call is applied, then the connection closes, after so many bytes of the reply.
    case dropAfterApply(cutAfterBytes: Int)
    /// The connection closes, or 500 is answered; the call is applied after the delay.
    case applyLate(delay: ClosedRange<Duration>, answers500: Bool)
    /// The call is applied, and after the delay answered with the ingress's 500.
    case stallThen500(delay: ClosedRange<Duration>)
    /// The call is applied, the reply's body is no proper JSON.
    case malformed(MalformedBody)
    /// The call is not applied and gets 429 with `Retry-After`.
    case rateLimit(retryAfter: Duration)
    /// The call is applied twice, one right after the other, as if a gateway had sent it again; the client gets the second
    /// reply, or the gateway's 504.
    case twice(answers504: Bool)

    /// How long it takes, to be drawn once for each call.
    var delay: ClosedRange<Duration>? {
        switch self {
        case .applyLate(let delay, _), .stallThen500(let delay): delay
        case .answer, .dropBefore, .dropAfterApply, .malformed, .rateLimit, .twice: nil
        }
    }
}

/// How the body of a spoilt reply looks.
package enum MalformedBody: String, Sendable, CaseIterable {
    /// The first half of it.
    case truncated
    /// A page in its place.
    case html
    /// Nothing.
    case empty
}

// SPDX-License-Identifier: Apache-2.0

/// What can happen to a creating call on its way, and on the way of its answer.
enum CreatingFault: String, CaseIterable, Sendable {
    case connectionRefused
    case cutBeforeTheServerSawIt
    case cutAfterItWasApplied
    /// The ingress gives up and answers 500; the call was applied.
    case stalledThen500
    /// As before, but the client gives up first.
    case timedOut
    /// 500 at once; the call is applied a moment later, while the worker looks for its effect.
    case appliedLate
    case rateLimited
    case badGatewayPage
    case unauthorized
    /// The call was applied, and the answer is a page of something in between.
    case answeredByAPage

    /// The rule of the sandbox's fault plan for one path; `nil` where the sandbox has no part in it.
    func rule(path: String) -> String? {
        let fault: String
        switch self {
        case .connectionRefused: return nil
        case .cutBeforeTheServerSawIt: fault = #""drop-before""#
        case .cutAfterItWasApplied: fault = #""drop-after-apply""#
        case .stalledThen500: fault = #""stall-then-500","delay":"200ms""#
        case .timedOut: fault = #""stall-then-500","delay":"8s""#
        case .appliedLate: fault = #""apply-late","reply":"500","delay":"250ms""#
        case .rateLimited: fault = #""rate-limit","retryAfter":"1s""#
        case .badGatewayPage: fault = #""status","status":502,"form":"html""#
        case .unauthorized: fault = #""status","status":401"#
        case .answeredByAPage: fault = #""malformed","form":"html""#
        }
        return #"{"match":{"method":"POST","path":"\#(path)"},"fault":\#(fault),"count":1}"#
    }

    /// A further rule: the key is refused for a while, not for one call only; the probe at the start is answered.
    var furtherRule: String? {
        guard self == .unauthorized else { return nil }
        let probe = "/api/v2/auth/validate_key"
        return #"{"match":{"method":"POST","path":"\#(probe)"},"fault":"status","status":401,"after":1,"count":2}"#
    }
}

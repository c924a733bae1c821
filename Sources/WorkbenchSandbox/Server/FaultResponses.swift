// SPDX-License-Identifier: Apache-2.0

/// The replies of calls that go wrong on purpose.
enum FaultResponses {
    /// What the ingress says when it has waited too long.
    static let ingressError = SandboxDelivery(
        status: 500,
        body: page("500 Internal Server Error"),
        contentType: "text/html"
    )

    /// No reply: the connection closes.
    private static var cut: SandboxDelivery {
        var reply = SandboxDelivery(status: 0, body: [])
        reply.extent = .cut(afterBytes: 0)
        return reply
    }

    /// The reply to a call that is not applied.
    static func refusal(_ rule: FaultRule) -> SandboxDelivery {
        switch rule.kind {
        case .rateLimit:
            var reply = SandboxDelivery(APIFailure(.resourceExhausted, "too many requests"))
            reply.headers += self.retryHeader(rule)
            return reply
        case .status: return self.status(rule)
        case .stallThen500: return self.ingressError
        case .dropBefore, .dropAfterApply, .applyLate: return self.cut
        case .latency, .malformed, .sparse, .reversedOrder, .upperCaseStatus, .unknownStatus, .repeatedPageToken:
            preconditionFailure("\(rule.kind.rawValue) refuses nothing")
        }
    }

    /// The reply to a call that is applied later.
    static func lateReply(_ rule: FaultRule) -> SandboxDelivery {
        if rule.answersLate { return self.ingressError }
        return self.cut
    }

    /// `Retry-After` in whole seconds, rounded up.
    static func retryHeader(_ rule: FaultRule) -> [(name: String, value: String)] {
        [("Retry-After", String((rule.retryAfter.microseconds + 999_999) / 1_000_000))]
    }

    /// The reply with a body that no client can read.
    static func malformed(_ reply: SandboxDelivery, _ form: FaultRule.Form) -> SandboxDelivery {
        var reply = reply
        switch form {
        case .html: reply = SandboxDelivery(status: reply.status, body: page("Sign in"), contentType: "text/html")
        case .empty: reply.body = []
        case .truncated, .json: reply.body = Array(reply.body.prefix(reply.body.count / 2))
        }
        return reply
    }

    private static func status(_ rule: FaultRule) -> SandboxDelivery {
        let message = rule.message ?? "the sandbox was told to answer \(rule.status)"
        switch rule.form {
        case .html:
            return SandboxDelivery(status: rule.status, body: page("\(rule.status)"), contentType: "text/html")
        case .empty: return SandboxDelivery(status: rule.status, body: [])
        case .json, .truncated:
            return SandboxDelivery(APIFailure(APIFailure.Code(status: rule.status), message, status: rule.status))
        }
    }

    private static func page(_ title: String) -> [UInt8] {
        Array("<html><head><title>\(title)</title></head><body><h1>\(title)</h1></body></html>\n".utf8)
    }
}

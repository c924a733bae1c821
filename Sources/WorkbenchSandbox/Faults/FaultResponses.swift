// SPDX-License-Identifier: Apache-2.0

import Values

/// The replies of calls that go wrong on purpose.
enum FaultResponses {
    /// No reply: the connection closes.
    static let cut: SandboxDelivery = {
        var reply = SandboxDelivery(status: 0, body: [])
        reply.extent = .cut(afterBytes: 0)
        return reply
    }()

    /// What the ingress says when it has waited too long.
    static let ingressError = page(500, "500 Internal Server Error")

    /// What a gateway says when it has tried twice.
    static let gatewayTimeout = page(504, "504 Gateway Time-out")

    /// Too many calls; `Retry-After` in whole seconds, rounded up.
    static func rateLimited(retryAfter: Duration) -> SandboxDelivery {
        var reply = SandboxDelivery(APIFailure(.resourceExhausted, "too many requests"))
        reply.headers.append(self.retryHeader(retryAfter))
        return reply
    }

    /// The model service's own refusal of the same kind.
    static func busyModel(retryAfter: Duration) -> SandboxDelivery {
        var reply = SandboxDelivery(status: 429, body: ModelService.Refusal.busy.body)
        reply.headers.append(self.retryHeader(retryAfter))
        return reply
    }

    /// The reply with a body that no client can read.
    static func malformed(_ reply: SandboxDelivery, _ form: MalformedBody) -> SandboxDelivery {
        var reply = reply
        switch form {
        case .html: reply = self.page(reply.status, "Sign in")
        case .empty: reply.body = []
        case .truncated: reply.body = Array(reply.body.prefix(reply.body.count / 2))
        }
        return reply
    }

    /// An answer of somebody's.
    static func answer(_ answer: FalseAnswer) -> SandboxDelivery {
        let status = answer.status
        switch answer.author {
        case .code:
            let message = answer.message ?? "the sandbox was told to answer \(status)"
            return SandboxDelivery(APIFailure(APIFailure.Code(status: status), message, status: status))
        case .json:
            let message = answer.message ?? "the sandbox was told to answer \(status)"
            return SandboxDelivery(status: status, body: ProtoWriter.object { $0.string("message", message) })
        case .text:
            let text = answer.message ?? "default backend - 404"
            return SandboxDelivery(status: status, body: Array("\(text)\n".utf8), contentType: "text/plain")
        case .page: return self.page(status, answer.message ?? "\(status)")
        case .empty: return SandboxDelivery(status: status, body: [])
        case .redirect:
            var reply = self.page(status, answer.message ?? "Found")
            reply.headers.append(("Location", "/login"))
            return reply
        }
    }

    private static func retryHeader(_ time: Duration) -> (name: String, value: String) {
        ("Retry-After", String((time.wholeMicroseconds + 999_999) / 1_000_000))
    }

    private static func page(_ status: Int, _ title: String) -> SandboxDelivery {
        let html = "<html><head><title>\(title)</title></head><body><h1>\(title)</h1></body></html>\n"
        return SandboxDelivery(status: status, body: Array(html.utf8), contentType: "text/html")
    }
}

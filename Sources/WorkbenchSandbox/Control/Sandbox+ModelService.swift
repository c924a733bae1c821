// SPDX-License-Identifier: Apache-2.0

import Values

extension Sandbox {
    /// Answers a request to a deployed model.
    mutating func receiveModelRequest(_ request: SandboxRequest, at now: Timestamp) -> SandboxDelivery {
        let verdict = self.faults.verdict(request, at: now)
        var delivery = self.deliverModelRequest(request, verdict.fault, at: now)
        delivery.delay += verdict.delay
        return delivery
    }

    private mutating func deliverModelRequest(
        _ request: SandboxRequest,
        _ fault: FaultPlan.Verdict.Fault?,
        at now: Timestamp
    ) -> SandboxDelivery {
        guard let fault else { return self.answerModelRequest(request, at: now) }
        switch fault.interception {
        case .answer(let answer): return FaultResponses.answer(answer)
        case .dropBefore: return FaultResponses.cut
        case .rateLimit(let retryAfter): return FaultResponses.busyModel(retryAfter: retryAfter)
        // A model keeps nothing, so that late is the same as never.
        case .applyLate(_, let answers500): return answers500 ? FaultResponses.ingressError : FaultResponses.cut
        case .stallThen500:
            var delivery = FaultResponses.ingressError
            delivery.delay = fault.delay
            return delivery
        case .dropAfterApply(let count):
            var delivery = self.answerModelRequest(request, at: now)
            delivery.extent = .cut(afterBytes: count)
            return delivery
        case .malformed(let form): return FaultResponses.malformed(self.answerModelRequest(request, at: now), form)
        case .twice(let answers504):
            _ = self.answerModelRequest(request, at: now)
            let second = self.answerModelRequest(request, at: now)
            return answers504 ? FaultResponses.gatewayTimeout : second
        }
    }

    private mutating func answerModelRequest(_ request: SandboxRequest, at now: Timestamp) -> SandboxDelivery {
        guard request.method == "POST" else {
            var refusal = SandboxDelivery(APIFailure(.unimplemented, "Method Not Allowed", status: 405))
            refusal.headers.append(("Allow", "POST"))
            return refusal
        }
        do {
            let answer = try self.workbench.callModel(
                body: request.body,
                accessKey: Query(request.query)?["accessKey"] ?? "",
                isAuthorized: self.isAuthorized(request),
                now: now
            )
            return SandboxDelivery(status: 200, body: answer)
        } catch {
            return SandboxDelivery(status: error.status, body: error.body)
        }
    }
}

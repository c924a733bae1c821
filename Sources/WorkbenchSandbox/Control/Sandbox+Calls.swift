// SPDX-License-Identifier: Apache-2.0

import Values

extension Sandbox {
    /// Answers a call of API v2.
    mutating func receiveCall(_ request: SandboxRequest, at now: Timestamp) -> SandboxDelivery {
        if let refusal = self.refusalByRate(at: now) {
            self.record(request, status: refusal.status, fault: .rateLimit, at: now)
            return refusal
        }
        var verdict = self.faults.verdict(request, at: now)
        if self.quirks.contains(.listsNewestFirst) { verdict.rendering.isReversed.toggle() }
        var delivery = self.deliver(request, verdict, at: now)
        delivery.delay += verdict.delay
        return delivery
    }

    /// Performs the call, unless its fault comes first.
    private mutating func deliver(
        _ request: SandboxRequest,
        _ verdict: FaultPlan.Verdict,
        at now: Timestamp
    ) -> SandboxDelivery {
        guard let fault = verdict.fault else { return self.perform(request, verdict, as: verdict.kind, at: now) }
        switch fault.interception {
        case .answer(let answer):
            if answer.isApplied {
                _ = self.perform(request, verdict, as: fault.kind, status: answer.status, at: now)
            } else {
                self.record(request, status: answer.status, fault: fault.kind, at: now)
            }
            return FaultResponses.answer(answer)
        case .dropBefore:
            self.record(request, status: 0, fault: fault.kind, at: now)
            return FaultResponses.cut
        case .rateLimit(let retryAfter):
            let refusal = FaultResponses.rateLimited(retryAfter: retryAfter)
            self.record(request, status: refusal.status, fault: fault.kind, at: now)
            return refusal
        case .applyLate(_, let answers500):
            self.lateCalls += 1
            var reply = answers500 ? FaultResponses.ingressError : FaultResponses.cut
            reply.late = LateCall(request: request, after: fault.delay, forgotten: verdict.forgotten)
            return reply
        case .stallThen500:
            _ = self.perform(request, verdict, as: fault.kind, status: 500, at: now)
            var reply = FaultResponses.ingressError
            reply.delay = fault.delay
            return reply
        case .dropAfterApply(let count):
            var reply = self.perform(request, verdict, as: fault.kind, status: 0, at: now)
            reply.extent = .cut(afterBytes: count)
            return reply
        case .malformed(let form):
            return FaultResponses.malformed(self.perform(request, verdict, as: fault.kind, at: now), form)
        case .twice(let answers504):
            _ = self.perform(request, verdict, as: fault.kind, status: 0, at: now)
            let status = answers504 ? FaultResponses.gatewayTimeout.status : nil
            let second = self.perform(request, verdict, as: fault.kind, status: status, at: now)
            return answers504 ? FaultResponses.gatewayTimeout : second
        }
    }

    /// Performs the call and audits it.
    ///
    /// - Parameters:
    ///   - request: The call.
    ///   - verdict: What is not kept of it, and how its reply is written.
    ///   - fault: What the audit calls what went wrong.
    ///   - status: What the client really gets (0: nothing), where that differs from the reply's.
    ///   - now: The moment.
    /// - Returns: The reply.
    mutating func perform(
        _ request: SandboxRequest,
        _ verdict: FaultPlan.Verdict,
        as fault: FaultRule.Kind?,
        status: Int? = nil,
        at now: Timestamp
    ) -> SandboxDelivery {
        var routed: RoutedCall?
        do throws(APIFailure) {
            guard self.isAuthorized(request) else { throw Sandbox.unauthenticated }
            let call = try RoutedCall(
                request,
                rendering: verdict.rendering,
                view: verdict.view,
                refusesUnknownFields: self.quirks.contains(.unknownFieldsRefused),
                now: now
            )
            routed = call
            let reply = try self.workbench.perform(call.call.forgetting(verdict.forgotten))
            self.record(request, call, reply, status: status ?? 200, fault: fault, at: now)
            let body = QuirkyAnswer(self.quirks)?.rewritten(reply.body) ?? reply.body
            return SandboxDelivery(status: 200, body: body)
        } catch {
            self.record(request, routed, nil, status: status ?? error.status, fault: fault, at: now)
            var refusal = SandboxDelivery(error)
            if error.status == 405 { refusal.headers.append(("Allow", RoutedCall.allowedMethods(request))) }
            return refusal
        }
    }

    /// Audits a call that never came to the workbench.
    private mutating func record(
        _ request: SandboxRequest,
        status: Int,
        fault: FaultRule.Kind,
        at now: Timestamp
    ) {
        var routed: RoutedCall?
        do {
            routed = try RoutedCall(request, now: now)
        } catch {
            routed = nil
        }
        self.record(request, routed, nil, status: status, fault: fault, at: now)
    }

    private mutating func record(
        _ request: SandboxRequest,
        _ routed: RoutedCall?,
        _ reply: WorkbenchReply?,
        status: Int,
        fault: FaultRule.Kind?,
        at now: Timestamp
    ) {
        guard routed?.call.operation.isMutating ?? (request.method != "GET") else { return }
        let made = reply?.identifiers ?? []
        let addressed = (routed?.call.path.named ?? []).filter { known in !made.contains { $0.kind == known.kind } }
        self.audit.append(
            AuditEntry(
                at: now,
                method: request.method,
                path: request.path,
                operation: routed?.call.operation,
                status: status,
                isApplied: reply != nil,
                fault: fault,
                identifiers: addressed + made,
                fields: routed?.call.fields ?? .empty
            )
        )
    }
}

extension WorkbenchCall {
    /// The call as the workbench keeps it.
    fileprivate func forgetting(_ forgotten: [ForgottenFields]) -> WorkbenchCall {
        guard !forgotten.isEmpty else { return self }
        var call = self
        for fields in forgotten { call.fields = Fields(value: fields.applied(to: call.fields.value)) }
        return call
    }
}

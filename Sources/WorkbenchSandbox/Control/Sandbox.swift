// SPDX-License-Identifier: Apache-2.0

/// One HTTP request to the sandbox.
package struct SandboxRequest: Sendable {
    /// In capitals.
    package var method: String
    /// As sent: percent-encoded, without the query.
    package var path: String
    /// As sent, without the question mark.
    package var query: String
    /// The header field `Authorization`.
    package var authorization: String?
    /// The body's bytes.
    package var body: [UInt8]

    /// Creates a request.
    package init(
        method: String,
        path: String,
        query: String = "",
        authorization: String? = nil,
        body: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.authorization = authorization
        self.body = body
    }
}

/// What the client is to get, and when.
package struct SandboxDelivery: Sendable {
    /// How much of the reply is sent.
    package enum Extent: Sendable, Equatable {
        case whole
        /// That many bytes, head included; then the connection closes. Zero: no byte.
        case cut(afterBytes: Int)
    }

    /// Status code.
    package var status: Int
    /// Header fields beside length and date.
    package var headers: [(name: String, value: String)]
    /// The body's bytes.
    package var body: [UInt8]
    /// How much of it is sent.
    package var extent = Extent.whole
    /// How long to wait before that.
    package var delay = Duration.zero
    /// A call that the workbench applies later, whatever the client has got by then.
    package var late: (call: SandboxRequest, after: Duration)?

    init(status: Int, body: [UInt8], contentType: String = "application/json") {
        self.status = status
        self.headers = [("Content-Type", contentType)]
        self.body = body
    }

    init(_ failure: APIFailure) {
        self.init(status: failure.status, body: failure.body)
    }
}

/// The simulator without sockets: API, model service, faults, audit and controls.
///
/// Pure like the workbench inside: the caller brings the time and carries out the delays.
package struct Sandbox: Sendable {
    var workbench: Workbench
    var faults = FaultPlan()
    var audit: AuditLog
    /// Calls that `apply-late` holds back.
    var lateCalls = 0
    private let authorization: String
    private var requests: UInt64 = 0

    /// An empty sandbox.
    ///
    /// - Parameters:
    ///   - apiKey: The only key that it accepts.
    ///   - clock: How long registering, building, deploying and stopping take.
    ///   - seed: Decides identifiers and durations.
    package init(apiKey: String, clock: LifeCycleClock = .instant, seed: UInt64) {
        self.workbench = Workbench(seed: seed, clock: clock)
        self.audit = AuditLog(secret: apiKey)
        self.authorization = "Bearer " + apiKey
    }

    /// Takes one request.
    package mutating func receive(_ request: SandboxRequest, at now: WallTime) -> SandboxDelivery {
        self.requests += 1
        if request.path.hasPrefix(Sandbox.apiRoot + "/") {
            if request.path == Sandbox.apiRoot + "/swagger.json" { return SwaggerDocument.delivery(for: request) }
            return self.receiveCall(request, at: now)
        }
        if request.path == ModelService.path { return self.receiveModelRequest(request, at: now) }
        if request.path == "/sense-bootstrap.json" { return SwaggerDocument.bootstrap(for: request) }
        guard request.path.hasPrefix("/sandbox/") else { return SandboxDelivery(Sandbox.unknownPath) }
        guard self.isAuthorized(request) else { return SandboxDelivery(Sandbox.unauthenticated) }
        return self.receiveControl(request, at: now)
    }

    /// Applies a call that was held back; nobody gets its reply.
    package mutating func applyLate(_ request: SandboxRequest, at now: WallTime) {
        self.lateCalls -= 1
        _ = self.perform(request, fault: .applyLate, rendering: Rendering(), at: now)
    }

    /// Lines of the audit since this was last called.
    package mutating func takeNewAuditLines() -> ArraySlice<UInt8> {
        self.audit.takeNewLines()
    }

    /// Where API v2 lies.
    static let apiRoot = "/api/v2"

    static let unknownPath = APIFailure(.notFound, "Not Found")

    static let unauthenticated = APIFailure(
        .unauthenticated,
        "the request has no valid authentication credentials; a bearer key is required"
    )

    func isAuthorized(_ request: SandboxRequest) -> Bool {
        request.authorization == self.authorization
    }

    private mutating func receiveCall(_ request: SandboxRequest, at now: WallTime) -> SandboxDelivery {
        let verdict = self.faults.verdict(method: request.method, path: request.path)
        var delivery = self.deliver(request, verdict, at: now)
        delivery.delay += verdict.delay
        delivery.headers.append(("X-Request-Id", "sandbox-\(self.requests)"))
        return delivery
    }

    /// Performs the call, unless its fault comes first.
    private mutating func deliver(
        _ request: SandboxRequest,
        _ verdict: FaultPlan.Verdict,
        at now: WallTime
    ) -> SandboxDelivery {
        guard let fault = verdict.fault else {
            return self.perform(request, fault: nil, rendering: verdict.rendering, at: now)
        }
        switch fault.kind {
        case .status, .dropBefore, .rateLimit:
            let refusal = FaultResponses.refusal(fault)
            self.record(request, status: refusal.status, fault: fault.kind, at: now)
            return refusal
        case .applyLate:
            self.lateCalls += 1
            var reply = FaultResponses.lateReply(fault)
            reply.late = (request, self.faults.delay(of: fault))
            return reply
        case .stallThen500:
            _ = self.perform(request, fault: fault.kind, rendering: verdict.rendering, status: 500, at: now)
            var reply = FaultResponses.ingressError
            reply.delay = self.faults.delay(of: fault)
            return reply
        case .dropAfterApply:
            var reply = self.perform(request, fault: fault.kind, rendering: verdict.rendering, status: 0, at: now)
            reply.extent = .cut(afterBytes: fault.cutAfterBytes)
            return reply
        case .malformed:
            return FaultResponses.malformed(
                self.perform(request, fault: fault.kind, rendering: verdict.rendering, at: now),
                fault.form
            )
        case .latency, .sparse, .reversedOrder, .upperCaseStatus, .unknownStatus, .repeatedPageToken:
            return self.perform(request, fault: nil, rendering: verdict.rendering, at: now)
        }
    }

    /// Performs the call and audits it, with what the client really gets as `status` (0: nothing) where that differs.
    private mutating func perform(
        _ request: SandboxRequest,
        fault: FaultRule.Kind?,
        rendering: Rendering,
        status: Int? = nil,
        at now: WallTime
    ) -> SandboxDelivery {
        var routed: RoutedCall?
        do throws(APIFailure) {
            guard self.isAuthorized(request) else { throw Sandbox.unauthenticated }
            let call = try RoutedCall(request, rendering: rendering, now: now)
            routed = call
            let reply = try self.workbench.perform(call.call)
            self.record(request, call, reply, status: status ?? 200, fault: fault, at: now)
            return SandboxDelivery(status: 200, body: reply.body)
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
        at now: WallTime
    ) {
        var routed: RoutedCall?
        do {
            routed = try RoutedCall(request, rendering: Rendering(), now: now)
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
        at now: WallTime
    ) {
        guard routed?.call.operation.isMutating ?? (request.method != "GET") else { return }
        let path = routed?.call.path.named ?? []
        let made = reply?.identifiers ?? []
        self.audit.append(
            AuditEntry(
                at: now,
                method: request.method,
                path: request.path,
                operation: routed?.call.operation,
                status: status,
                isApplied: reply != nil,
                fault: fault,
                identifiers: path.filter { known in !made.contains { $0.name.description == known.name.description } }
                    + made,
                fields: routed?.call.fields ?? .empty
            )
        )
    }

    private mutating func receiveModelRequest(_ request: SandboxRequest, at now: WallTime) -> SandboxDelivery {
        let verdict = self.faults.verdict(method: request.method, path: request.path)
        var delivery: SandboxDelivery
        switch verdict.fault?.kind {
        case .rateLimit:
            delivery = SandboxDelivery(status: 429, body: ModelService.Refusal.busy.body)
            delivery.headers += verdict.fault.map { FaultResponses.retryHeader($0) } ?? []
        case .status, .dropBefore, .applyLate, .stallThen500:
            delivery = verdict.fault.map { FaultResponses.refusal($0) } ?? FaultResponses.ingressError
            if let fault = verdict.fault, fault.kind == .stallThen500 { delivery.delay = self.faults.delay(of: fault) }
        case .dropAfterApply:
            delivery = self.answerModel(request, at: now)
            delivery.extent = .cut(afterBytes: verdict.fault?.cutAfterBytes ?? 0)
        case .malformed:
            delivery = FaultResponses.malformed(self.answerModel(request, at: now), verdict.fault?.form ?? .truncated)
        case nil, .latency, .sparse, .reversedOrder, .upperCaseStatus, .unknownStatus, .repeatedPageToken:
            delivery = self.answerModel(request, at: now)
        }
        delivery.delay += verdict.delay
        return delivery
    }

    private mutating func answerModel(_ request: SandboxRequest, at now: WallTime) -> SandboxDelivery {
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

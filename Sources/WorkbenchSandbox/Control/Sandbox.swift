// SPDX-License-Identifier: Apache-2.0

package import Values

/// The simulator without sockets: API, model service, faults, audit and controls.
///
/// Pure like the workbench inside: the caller brings the time and carries out the delays. In process it is used without
/// HTTP: `receive` answers a call at once, and runs, clock, faults and audit are values.
package struct Sandbox: Sendable {
    var workbench: Workbench
    /// What goes wrong with calls, and how often each rule has hit.
    package var faults = FaultPlan()
    var audit: AuditLog
    /// Calls that `apply-late` holds back.
    package internal(set) var lateCalls = 0
    private let authorization: String
    private var requests: UInt64 = 0
    /// Calls in the newest second, where there is a limit to them.
    var calls: (second: Int64, count: Int) = (0, 0)

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
    ///
    /// - Parameters:
    ///   - request: Of the API, the model service or the controls.
    ///   - now: The moment; never earlier than that of the request before.
    /// - Returns: What the client is to get, when, and what is to be applied later.
    package mutating func receive(_ request: SandboxRequest, at now: Timestamp) -> SandboxDelivery {
        if request.path.hasPrefix(Sandbox.apiPrefix) {
            if request.path == SwaggerDocument.path { return SwaggerDocument.delivery(for: request) }
            self.requests += 1
            var delivery = self.receiveCall(request, at: now)
            delivery.headers.append(("X-Request-Id", "sandbox-" + String(self.requests)))
            return delivery
        }
        if request.path == ModelService.path { return self.receiveModelRequest(request, at: now) }
        if request.path == "/sense-bootstrap.json" { return SwaggerDocument.bootstrap(for: request) }
        guard request.path.hasPrefix("/sandbox/") else { return SandboxDelivery(Sandbox.unknownPath) }
        guard self.isAuthorized(request) else { return SandboxDelivery(Sandbox.unauthenticated) }
        return self.receiveControl(request, at: now)
    }

    /// Applies a call that was held back; nobody gets its reply.
    package mutating func applyLate(_ call: LateCall, at now: Timestamp) {
        self.lateCalls -= 1
        var verdict = FaultPlan.Verdict()
        verdict.forgotten = call.forgotten
        _ = self.perform(call.request, verdict, as: .applyLate, at: now)
    }

    /// How long the slow steps take of what is made from now on.
    package var clock: LifeCycleClock {
        get { self.workbench.clock }
        set { self.workbench.clock = newValue }
    }

    /// Adds recorded projects, experiments and runs under the ids that they have.
    ///
    /// - Throws: `RecordedRunsFailure` for an object that hangs under none of these or whose id or name is taken.
    package mutating func add(_ runs: RecordedRuns, at now: Timestamp) throws(RecordedRunsFailure) {
        try self.workbench.add(runs, at: now)
    }

    /// Where API v2 lies.
    static let apiRoot = "/api/v2"
    static let apiPrefix = "/api/v2/"

    static let unknownPath = APIFailure(.notFound, "Not Found")

    static let unauthenticated = APIFailure(
        .unauthenticated,
        "the request has no valid authentication credentials; a bearer key is required"
    )

    func isAuthorized(_ request: SandboxRequest) -> Bool {
        request.authorization == self.authorization
    }
}

// MARK: - Audit

extension Sandbox {
    /// The mutating calls since the sandbox was made or last emptied, in order; the first `start`, which the caller has
    /// seen, left out.
    package func auditEntries(from start: Int = 0) -> ArraySlice<AuditEntry> {
        self.audit.entries.dropFirst(start)
    }

    /// Lines of the audit since this was last called.
    package mutating func takeNewAuditLines() -> [UInt8] {
        self.audit.takeNewLines()
    }
}

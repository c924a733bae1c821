// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Synchronization
import Values

/// Joins the pure sandbox with sockets, delays, the clock and the audit file.
final class SandboxHandler: Sendable {
    /// Set while the server runs; it and the server refer to each other only that long.
    private let scheduler = Mutex<HTTPServer?>(nil)
    private let sandbox: Mutex<Sandbox>
    private let auditFile: AuditFile?
    private let startedAt = ContinuousClock.now
    private let startTime = Timestamp.now(in: .microseconds)

    init(sandbox: consuming Sandbox, auditFile: AuditFile?) {
        self.sandbox = Mutex(sandbox)
        self.auditFile = auditFile
    }

    /// Delays replies and late calls on that server from now on; with `nil` what is delayed is dropped.
    func schedule(on server: HTTPServer?) {
        self.scheduler.withLock { $0 = server }
    }

    /// The wall clock's time at the start and what the steady clock has counted since, so that time never jumps.
    private var now: Timestamp {
        self.startTime.advanced(by: ContinuousClock.now - self.startedAt)
    }

    func handle(_ request: HTTPServerRequest, _ responder: Responder) {
        let target = request.rawTarget
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        let call = SandboxRequest(
            method: request.method.rawValue,
            path: String(Substring(path)),
            query: request.rawQuery,
            authorization: request.header("Authorization"),
            body: request.body
        )
        let now = self.now
        let delivery = self.withSandbox { $0.receive(call, at: now) }
        if let late = delivery.late { self.schedule(after: late.after) { self.applyLate(late) } }
        if delivery.delay > .zero {
            self.schedule(after: delivery.delay) { send(delivery, to: responder) }
        } else {
            send(delivery, to: responder)
        }
    }

    private func applyLate(_ call: LateCall) {
        let now = self.now
        self.withSandbox { $0.applyLate(call, at: now) }
    }

    /// Lets the sandbox act; what it audits is on disk when this returns, so before a client can know of it.
    private func withSandbox<Result: Sendable>(_ body: (inout Sandbox) -> Result) -> Result {
        guard let auditFile = self.auditFile else { return self.sandbox.withLock { body(&$0) } }
        let (result, lines) = self.sandbox.withLock { (body(&$0), $0.takeNewAuditLines()) }
        auditFile.append(lines)
        return result
    }

    private func schedule(after delay: Duration, _ job: @escaping @Sendable () -> Void) {
        self.scheduler.withLock { $0 }?.schedule(after: delay, job)
    }
}

private func send(_ delivery: SandboxDelivery, to responder: Responder) {
    let reply = HTTPServerReply(status: delivery.status, headers: delivery.headers, body: delivery.body)
    switch delivery.extent {
    case .whole: responder.reply(reply)
    case .cut(afterBytes: 0): responder.closeWithoutReply()
    case .cut(let bytes): responder.reply(reply, cutAfterBytes: bytes)
    }
}

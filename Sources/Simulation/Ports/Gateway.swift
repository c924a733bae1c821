// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Machine
import Values
import WorkbenchAPI
import WorkbenchSandbox

/// The misbehaving proxy before the sandbox: all processes share it.
final class Gateway {
    /// A time in which no connection can be made.
    struct Closure {
        var from: MonotonicTime
        var until: MonotonicTime
        var fault: Int
    }

    /// A request whose body has a text in it is refused by the workbench's own word.
    struct Refusal {
        var text: [UInt8]
        var status: Int
        var fault: Int
    }

    /// What is said of one request that arrived.
    struct Arrival {
        var process: Int
        var at: MonotonicTime
        /// Entries of the audit that came of it.
        var audit: Range<Int>
    }

    private let clockwork: Clockwork
    var sandbox: Sandbox
    var closures: [Closure] = []
    var refusals: [Refusal] = []
    /// Calls held back, by their number.
    private(set) var lateCalls: [LateCall] = []
    /// Which process each entry of the audit came from; -1 for a call that was applied late.
    private(set) var senders: [(process: Int, at: MonotonicTime, isZombie: Bool)] = []
    private(set) var requestCount = 0
    private var newestDate = (second: Int64.min, text: "")
    private let authorization: String
    private let rootLength: Int
    private let note: (Int) -> Void

    init(sandbox: Sandbox, clockwork: Clockwork, key: String, root: String, note: @escaping (Int) -> Void) {
        self.sandbox = sandbox
        self.clockwork = clockwork
        self.authorization = "Bearer " + key
        self.rootLength = root.utf8.count
        self.note = note
    }

    /// The workbench's own clock.
    var time: Timestamp { self.clockwork.wall }

    /// What its answers say of that clock, as HTTP writes it.
    var date: String {
        let time = self.time
        let second = time.millisecondsSinceEpoch / 1_000
        if self.newestDate.second != second { self.newestDate = (second, Self.httpDate(time)) }
        return self.newestDate.text
    }

    private static func httpDate(_ time: Timestamp) -> String {
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let marks = Array("-T.".utf8)
        let parts = time.description.utf8.split { marks.contains($0) }.map { String(Substring($0)) }
        let weekday = days[Int(time.millisecondsSinceEpoch / 86_400_000) % 7]
        return "\(weekday), \(parts[2]) \(months[(Int(parts[1]) ?? 1) - 1]) \(parts[0]) \(parts[3]) GMT"
    }

    /// Why no connection can be made now; `nil` where one can.
    func refusesConnection(_ now: MonotonicTime) -> HTTPFailure? {
        for closure in self.closures where closure.from <= now && now < closure.until {
            self.note(closure.fault)
            return HTTPFailure(kind: .connect, mayHaveBeenSent: false, message: "connection refused")
        }
        return nil
    }

    /// Takes a request as the proxy passes it on.
    func receive(_ planned: PlannedRequest, by process: Int, isZombie: Bool) -> SandboxDelivery {
        self.requestCount += 1
        let url = planned.send.request.url.utf8
        let start = url.index(url.startIndex, offsetBy: self.rootLength)
        let mark = url[start...].firstIndex(of: UInt8(ascii: "?")) ?? url.endIndex
        let request = SandboxRequest(
            method: planned.send.request.method,
            path: String(Substring(url[start..<mark])),
            query: mark == url.endIndex ? "" : String(Substring(url[url.index(after: mark)...])),
            authorization: planned.send.usesAPIKey ? self.authorization : nil,
            body: planned.send.request.body ?? []
        )
        if let refusal = self.refusal(of: request) { return refusal }
        let delivery = self.sandbox.receive(request, at: self.time)
        self.attribute(to: process, isZombie: isZombie)
        if let late = delivery.late {
            self.lateCalls.append(late)
            self.clockwork.schedule(.lateApply(number: self.lateCalls.count - 1), after: Span(late.after))
        }
        return delivery
    }

    private func refusal(of request: SandboxRequest) -> SandboxDelivery? {
        guard !self.refusals.isEmpty, request.method == "POST" else { return nil }
        for refusal in self.refusals where request.body.contains(refusal.text) {
            self.note(refusal.fault)
            return self.sandbox.refuse(status: refusal.status, "the workbench does not take this")
        }
        return nil
    }

    /// A call that was held back is applied.
    func applyLate(_ number: Int) {
        self.sandbox.applyLate(self.lateCalls[number], at: self.time)
        self.attribute(to: -1, isZombie: false)
    }

    private func attribute(to process: Int, isZombie: Bool) {
        let count = self.sandbox.auditEntries().count
        while self.senders.count < count { self.senders.append((process, self.clockwork.now, isZombie)) }
    }
}

extension [UInt8] {
    /// Whether these bytes are somewhere in it.
    fileprivate func contains(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first, self.count >= bytes.count else { return false }
        for start in 0...(self.count - bytes.count) where self[start] == first {
            if self[start..<(start + bytes.count)].elementsEqual(bytes) { return true }
        }
        return false
    }
}

// SPDX-License-Identifier: Apache-2.0

import HTTPValues
package import Rollouts
package import Values
package import WorkbenchAPI
import WorkbenchCalls

/// The calls that are under way, each a conversation of one request at a time.
///
/// Pure: it says which requests to send and what their answers mean for a call.
package struct CallsUnderWay: Sendable {
    /// One call.
    struct Active: Sendable {
        let call: Coordinator.CallID
        let name: String
        /// The journal partition for which it is made; `nil` for a probe.
        let lease: Lease?
        /// Whether it makes or changes something, so that it has a last moment, and a hand-over waits for it.
        let isCreating: Bool
        let startBefore: MonotonicTime?
        var conversation: Conversation
        var operation: String
        /// When the request under way was handed out.
        var began: MonotonicTime
        /// Whether the request under way was taken back already, should it not be handed to a connection yet.
        var isTakenBack = false
    }

    /// How a call ended.
    package struct End: Sendable {
        /// The call.
        package var call: Coordinator.CallID
        /// What came of it.
        package var result: Result<CallResult, CallFailure>

        /// Whether it brought a result.
        var isSuccess: Bool { if case .success = self.result { true } else { false } }
    }

    private let dialect: Dialect
    var active: [RequestID: Active] = [:]
    /// The requests that were sent, in order: the first one is still under way.
    private var sent = FIFO<RequestID>()
    /// Further requests of calls under way that wait for the rate, with what they continue.
    private var waiting = FIFO<(active: Active, next: PlannedSend)>()
    /// How long requests take of late, and how long they usually do.
    package private(set) var pace = CallPace()
    private var lastNumber: UInt64 = 0

    /// Creates none.
    ///
    /// - Parameter dialect: Addresses and limits of the workbench's API.
    package init(dialect: Dialect) { self.dialect = dialect }

    /// Calls under way.
    package var count: Int { self.active.count + self.waiting.count }

    /// Whether a creating call of these leases is under way.
    package func isCreating(for isConcerned: (Lease) -> Bool) -> Bool {
        self.active.values.contains { $0.isCreating && ($0.lease.map(isConcerned) ?? false) }
    }

    /// Takes back the requests of these leases, as far as they are not handed to a connection yet.
    ///
    /// - Returns: The requests, in a fixed order; each is said once.
    package mutating func takeBack(of isConcerned: (Lease) -> Bool) -> [RequestID] {
        let ids = self.active.compactMap { id, active in
            active.lease.map(isConcerned) == true && !active.isTakenBack ? id : nil
        }
        for id in ids { self.active[id]?.isTakenBack = true }
        return ids.sorted { $0.number < $1.number }
    }

    /// The request that has been under way for the longest; `nil` for none.
    package var oldest: (name: String, began: MonotonicTime)? {
        self.sent.first.flatMap { self.active[$0] }.map { ($0.name, $0.began) }
    }

    /// Begins a call.
    ///
    /// - Parameters:
    ///   - id: The call.
    ///   - call: What is asked for.
    ///   - lease: The journal partition for which it is made; `nil` for a probe.
    ///   - startBefore: The last moment at which its request may be sent; `nil` for any.
    ///   - now: The moment.
    ///   - requests: Takes the first request.
    /// - Returns: How it ended, where there is nothing to send.
    package mutating func begin(
        _ id: Coordinator.CallID,
        _ call: APICall,
        lease: Lease?,
        startBefore: MonotonicTime?,
        now: MonotonicTime,
        requests: inout [PlannedRequest]
    ) -> End? {
        let (conversation, step) = Conversation.begin(call, with: self.dialect)
        switch step {
        case .ended(let result): return End(call: id, result: result)
        case .send(let next):
            let active = Active(
                call: id,
                name: call.name,
                lease: lease,
                isCreating: startBefore != nil,
                startBefore: startBefore,
                conversation: conversation,
                operation: next.operation.id,
                began: now
            )
            self.send(next, active, now: now, requests: &requests)
            return nil
        }
    }

    private mutating func send(
        _ next: PlannedSend,
        _ active: Active,
        now: MonotonicTime,
        requests: inout [PlannedRequest]
    ) {
        self.lastNumber += 1
        let id = RequestID(number: self.lastNumber)
        var active = active
        active.operation = next.operation.id
        active.began = now
        active.isTakenBack = false
        self.active[id] = active
        self.sent.append(id)
        requests.append(
            PlannedRequest(id: id, send: next, startBefore: active.startBefore)
        )
    }

    /// A request has ended.
    ///
    /// - Parameters:
    ///   - answer: The end; one of a request that is not under way means nothing.
    ///   - now: The moment.
    ///   - reports: Takes what is to be told.
    /// - Returns: How the call ended, if it did.
    package mutating func answered(_ answer: WorkbenchAnswer, now: Now, reports: inout [Report]) -> End? {
        guard var active = self.active.removeValue(forKey: answer.id) else { return nil }
        while let first = self.sent.first, self.active[first] == nil { _ = self.sent.popFirst() }
        let step: Conversation.Step
        let status: String
        switch answer.outcome {
        case .failure(let failure) where failure.kind == .notStarted:
            return End(call: active.call, result: .failure(Self.withheld))
        case .failure(let failure):
            status = failure.kind.rawValue
            step = active.conversation.received(.failure(failure), now: now.wall)
        case .response(let response):
            status = String(response.status)
            step = active.conversation.received(.success(response), now: now.wall)
        case .keyMissing(let failure):
            status = "noKey"
            step = active.conversation.keyIsMissing(failure)
        }
        let took = now.monotonic - active.began
        self.pace.observe(took, at: now.monotonic)
        reports.append(.request(RequestReport(operation: active.operation, status: status, took: took)))
        switch step {
        case .ended(let result): return End(call: active.call, result: result)
        case .send(let next):
            self.waiting.append((active, next))
            return nil
        }
    }

    /// Sends the further request that has waited for the longest, if one waits.
    package mutating func sendNext(now: MonotonicTime, requests: inout [PlannedRequest]) {
        guard let (active, next) = self.waiting.popFirst() else { return }
        self.send(next, active, now: now, requests: &requests)
    }

    /// Whether a further request waits for the rate.
    package var isWaiting: Bool { self.waiting.first != nil }

    private static let withheld = CallFailure(
        .withheld,
        message: "the intent was too old or the partition had moved"
    )
}

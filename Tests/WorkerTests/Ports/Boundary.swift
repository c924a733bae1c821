// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Synchronization
import Threads

/// A place on the way from one creating step to the next at which a worker can end.
enum Boundary: String, CaseIterable, Sendable {
    /// The intent of a creating call is about to be committed.
    case beforeIntent
    /// It is committed, and the worker has not heard of it.
    case afterIntent
    /// The call is about to be sent.
    case beforeCall
    /// It was answered, and the worker has not heard of it.
    case afterCall
    /// What came of a step is about to be committed by itself.
    case beforeJournal
    /// It is committed, and the worker has not heard of it.
    case afterJournal
}

/// Stops a worker at a boundary: from then on it orders nothing and hears nothing, as a process that was killed.
final class BoundaryTap: PortTap {
    private struct State {
        /// How often the boundary is met before the worker stops.
        var left: Int
        var transactions: Set<TransactionID> = []
        var requests: Set<RequestID> = []
        var isOver = false
    }

    private let boundary: Boundary
    private let reached: OneShotEvent
    private let state: Mutex<State>

    /// Creates a tap.
    ///
    /// - Parameters:
    ///   - boundary: Where the worker stops.
    ///   - time: At which meeting of it; 1 for the first.
    ///   - reached: Is completed then.
    init(_ boundary: Boundary, time: Int, reached: OneShotEvent) {
        self.boundary = boundary
        self.reached = reached
        self.state = Mutex(State(left: time))
    }

    private var isOver: Bool { self.state.withLock { $0.isOver } }

    /// Whether the worker stops here.
    private func stops() -> Bool {
        let isOver = self.state.withLock { state in
            state.left -= 1
            if state.left <= 0 { state.isOver = true }
            return state.isOver
        }
        if isOver { self.reached.complete() }
        return isOver
    }

    func pass(_ order: GroupOrder, to port: any GroupPort) {
        if !self.isOver { port.perform(order) }
    }

    func pass(_ order: JournalOrder, to port: any JournalPort) {
        guard !self.isOver else { return }
        if case .commit(let transaction) = order, self.isMet(transaction) {
            switch self.boundary {
            case .beforeIntent, .beforeJournal: if self.stops() { return }
            case .afterIntent, .afterJournal: self.state.withLock { _ = $0.transactions.insert(transaction.id) }
            case .beforeCall, .afterCall: break
            }
        }
        port.perform(order)
    }

    private func isMet(_ transaction: Transaction) -> Bool {
        let isOfIntents = self.boundary == .beforeIntent || self.boundary == .afterIntent
        return transaction.entries.contains { entry in
            guard case .step = entry.content else { return false }
            return (entry.announces != nil) == isOfIntents
        }
    }

    func pass(_ order: WorkbenchOrder, to port: any WorkbenchPort) {
        guard !self.isOver else { return }
        if case .start(let requests) = order {
            // Only a creating call has a last moment at which it may be sent.
            for request in requests where request.startBefore != nil {
                switch self.boundary {
                case .beforeCall: if self.stops() { return }
                case .afterCall: self.state.withLock { _ = $0.requests.insert(request.id) }
                case .beforeIntent, .afterIntent, .beforeJournal, .afterJournal: break
                }
            }
        }
        port.perform(order)
    }

    func pass(_ facts: [Input]) -> [Input] {
        guard !self.isOver else { return [] }
        for fact in facts where self.isMet(fact) {
            if self.stops() { return [] }
        }
        return facts
    }

    private func isMet(_ fact: Input) -> Bool {
        self.state.withLock { state in
            switch fact {
            case .journal(.commitEnded(let id, .committed)): state.transactions.contains(id)
            case .workbench(let answers): answers.contains { state.requests.contains($0.id) }
            case .journal, .group, .commands, .woke, .stop: false
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Synchronization

/// Journal and workbench of a process that stops itself at a boundary.
final class StoppingPorts: PortWrapper {
    private struct State: Sendable {
        var reached = 0
        /// The transaction under way, with the boundaries behind it; one is under way at a time.
        var transaction: (id: TransactionID, boundaries: [Boundary])?
        var creatingCalls: Set<RequestID> = []
    }

    private let stop: BoundaryStop
    private let state = Mutex(State())

    init(_ stop: BoundaryStop) { self.stop = stop }

    func wrapped(_ ports: Ports) -> Ports {
        var ports = ports
        ports.journal = Journal(ports.journal, self)
        ports.workbench = Workbench(ports.workbench, self)
        return ports
    }

    func heard(_ inputs: [Input]) -> [Input] { inputs.filter(self.lets) }

    /// Whether one goes on after a boundary, having stopped there if it was the one.
    private func passes(_ boundary: Boundary) -> Bool {
        guard boundary == self.stop.boundary else { return true }
        let isReached = self.state.withLock { state in
            state.reached += 1
            return state.reached == self.stop.number
        }
        return !isReached || self.stop.perform()
    }

    /// Whether a transaction goes on to the journal.
    private func lets(_ transaction: Transaction) -> Bool {
        let holdsIntent = transaction.entries.contains { $0.announces != nil }
        let holdsOutcome = transaction.entries.contains(where: \.isStep)
        let behind = (holdsIntent ? [Boundary.afterIntent] : []) + (holdsOutcome ? [.afterJournal] : [])
        self.state.withLock { $0.transaction = (transaction.id, behind) }
        let before = (holdsIntent ? [Boundary.beforeIntent] : []) + (holdsOutcome ? [.beforeJournal] : [])
        return ([.beforeTransaction] + before).allSatisfy(self.passes)
    }

    /// Whether a request goes on to the workbench.
    private func lets(_ request: PlannedRequest) -> Bool {
        // Only what an intent allows has a last moment to be sent at.
        guard request.startBefore != nil else { return true }
        self.state.withLock { _ = $0.creatingCalls.insert(request.id) }
        return self.passes(.beforeCall)
    }

    /// Whether the machine hears of something.
    private func lets(_ input: Input) -> Bool {
        switch input {
        case .journal(.commitEnded(let id, .committed)):
            let behind = self.state.withLock { $0.transaction }
            guard let behind, behind.id == id else { return true }
            return behind.boundaries.allSatisfy(self.passes)
        case .workbench(let answers):
            let ended = self.state.withLock { state in
                answers.filter { state.creatingCalls.remove($0.id) != nil }.count
            }
            return (0..<ended).allSatisfy { _ in self.passes(.afterCall) }
        case .group, .journal, .commands, .woke, .stop: return true
        }
    }

    private final class Journal: JournalPort {
        private let inner: any JournalPort
        private let wrapper: StoppingPorts

        init(_ inner: any JournalPort, _ wrapper: StoppingPorts) {
            self.inner = inner
            self.wrapper = wrapper
        }

        func perform(_ order: JournalOrder) {
            if case .commit(let transaction) = order, !self.wrapper.lets(transaction) { return }
            self.inner.perform(order)
        }
    }

    private final class Workbench: WorkbenchPort {
        private let inner: any WorkbenchPort
        private let wrapper: StoppingPorts

        init(_ inner: any WorkbenchPort, _ wrapper: StoppingPorts) {
            self.inner = inner
            self.wrapper = wrapper
        }

        func perform(_ order: WorkbenchOrder) {
            guard case .start(let requests) = order else {
                self.inner.perform(order)
                return
            }
            self.inner.perform(.start(requests.filter(self.wrapper.lets)))
        }
    }
}

extension TransactionEntry {
    /// Whether it holds the outcome of a step.
    fileprivate var isStep: Bool {
        if case .step = self.content { true } else { false }
    }
}

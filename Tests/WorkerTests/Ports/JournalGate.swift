// SPDX-License-Identifier: Apache-2.0

import Machine
import Synchronization

/// Keeps transactions back while it is shut, as brokers do that answer nothing.
final class JournalGate: PortTap {
    private struct State {
        var isShut = false
        /// What was ordered meanwhile.
        var kept: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    /// Keeps back what is committed from now on.
    func shut() { self.state.withLock { $0.isShut = true } }

    /// Lets go what was kept back, and what is committed from now on.
    func open() {
        let kept = self.state.withLock { state in
            state.isShut = false
            defer { state.kept = [] }
            return state.kept
        }
        for perform in kept { perform() }
    }

    func pass(_ order: JournalOrder, to port: any JournalPort) {
        guard case .commit = order else { return port.perform(order) }
        nonisolated(unsafe) let port = port
        let isKept = self.state.withLock { state in
            if state.isShut { state.kept.append { port.perform(order) } }
            return state.isShut
        }
        if !isKept { port.perform(order) }
    }
}

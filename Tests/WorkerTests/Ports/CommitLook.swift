// SPDX-License-Identifier: Apache-2.0

import Machine

/// Runs something whenever a transaction is about to be committed.
struct CommitLook: PortTap {
    let look: @Sendable () -> Void

    func pass(_ order: JournalOrder, to port: any JournalPort) {
        if case .commit = order { self.look() }
        port.perform(order)
    }
}

// SPDX-License-Identifier: Apache-2.0

package import Rollouts
import Values

extension WorkerMachine {
    /// Checks what must hold between any two turns; traps where it does not.
    ///
    /// The list stands at the type.
    package borrowing func checkInvariants(_ depth: InvariantDepth) {
        self.ownership.checkInvariants()
        self.rollouts.checkInvariants(depth)
        self.calls.checkInvariants()
    }
}

extension CallsUnderWay {
    /// A creating call under way had a committed intent, whose limit travels with its request.
    func checkInvariants() {
        for active in self.active.values where active.isCreating {
            precondition(active.startBefore != nil, "a creating call without a committed intent")
            precondition(active.lease?.subject.isInbox == true, "a creating call of no journal partition")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Machine
import Synchronization
import Values

/// What the loop has come to, for the watchdog, which must not need the loop.
final class Heartbeat: Sendable {
    /// What is under way now, and since when.
    struct Snapshot: Sendable, Equatable {
        /// Since when a turn has been under way; `nil` between two.
        var turnSince: MonotonicTime?
        /// What was under way after the newest turn.
        var underWay = UnderWay()
    }

    private let state = Mutex(Snapshot())

    /// What is under way now.
    var snapshot: Snapshot { self.state.withLock { $0 } }

    /// A turn begins.
    func turnBegan(at time: MonotonicTime) { self.state.withLock { $0.turnSince = time } }

    /// A turn has ended.
    func turnEnded(_ underWay: UnderWay) {
        self.state.withLock { $0 = Snapshot(turnSince: nil, underWay: underWay) }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Carries one value from the thread that makes it to the task that asked for it.
final class OneShotValue<Value: Sendable>: Sendable {
    private let state = Mutex<Value?>(nil)

    /// The value; `nil` before it was set.
    var value: Value? { self.state.withLock { $0 } }

    /// Sets the value.
    func set(_ value: Value) { self.state.withLock { $0 = value } }
}

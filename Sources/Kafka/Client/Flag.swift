// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Something that is false until it is true, seen by all threads.
final class Flag: Sendable {
    private let value = Atomic(false)

    /// Whether it was raised.
    var isRaised: Bool { self.value.load(ordering: .acquiring) }

    /// Makes it true for good.
    func raise() { self.value.store(true, ordering: .releasing) }
}

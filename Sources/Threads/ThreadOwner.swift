// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Knows which thread owns something, so that an `assert` can catch another one touching it.
package final class ThreadOwner: Sendable {
    /// 0, which is no thread, until one takes over.
    private let thread = Atomic<UInt>(0)

    /// Creates one without a thread.
    package init() {}

    /// Makes the calling thread the owner.
    package func takeOver() {
        self.thread.store(UInt(pthread_self()), ordering: .relaxed)
    }

    /// Whether the calling thread is the owner; `false` while there is none.
    package var isCurrent: Bool {
        self.thread.load(ordering: .relaxed) == UInt(pthread_self())
    }
}

// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Holds back a revocation until the application has finished with the partitions.
///
/// While it is held the application may still commit with the membership it has. Letting go of the last reference
/// releases it too.
package final class RevocationHold: Sendable {
    private let isDone: Mutex<Bool>
    private let released: @Sendable () -> Void

    /// Creates a hold.
    ///
    /// - Parameter released: Called once, on the releasing thread.
    package init(released: @escaping @Sendable () -> Void = {}) {
        self.isDone = Mutex(false)
        self.released = released
    }

    deinit { self.release() }

    /// Lets the revocation go on; a second call does nothing.
    package func release() {
        let isFirst = self.isDone.withLock { isDone in
            defer { isDone = true }
            return !isDone
        }
        if isFirst { self.released() }
    }

    /// Whether it was released.
    package var isReleased: Bool { self.isDone.withLock { $0 } }
}

// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A value behind a lock.
///
/// A pthread lock and not `Mutex`, because the thread sanitizer can't see through that one on Linux. Where a thread has to
/// wait for the value to change, that is a `Monitor`.
package class Locked<Value: Sendable>: @unchecked Sendable {
    // Safe: `value` is touched only between lock and unlock of `mutex`, which lives at a fixed address until deinit.
    final let mutex: UnsafeMutablePointer<pthread_mutex_t>
    final var value: Value

    /// Puts `value` behind a lock.
    package init(_ value: Value) {
        self.value = value
        self.mutex = .allocate(capacity: 1)
        pthread_mutex_init(self.mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(self.mutex)
        self.mutex.deallocate()
    }

    /// Runs `body` with the lock held; it must not wait for anything.
    package final func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        return try body(&self.value)
    }
}

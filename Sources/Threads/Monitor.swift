// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// A value behind a lock that a thread of our own can wait on.
///
/// Blocks the calling thread, so only dedicated threads call `wait`; any thread or task may call `withLock` and `signal`.
package final class Monitor<Value: Sendable>: Locked<Value>, @unchecked Sendable {
    // Safe: the condition lives at a fixed address until deinit, and is made to be shared.
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    /// Creates a monitor around `value`.
    package override init(_ value: Value) {
        self.condition = .allocate(capacity: 1)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // A wall clock that is set back must not lengthen a wait.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(self.condition, &attributes)
        pthread_condattr_destroy(&attributes)
        super.init(value)
    }

    deinit {
        pthread_cond_destroy(self.condition)
        self.condition.deallocate()
    }

    /// Runs `body` with the lock held, then wakes every waiting thread.
    package func signal<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(self.mutex)
        defer {
            pthread_cond_broadcast(self.condition)
            pthread_mutex_unlock(self.mutex)
        }
        return try body(&self.value)
    }

    /// Blocks this thread until `body` returns a value, asked again after each `signal`.
    ///
    /// - Parameters:
    ///   - timeout: The longest wait; `nil` waits for ever.
    ///   - body: Runs with the lock held; returns `nil` to wait on.
    /// - Returns: What `body` returned, or `nil` when the time was up.
    package func wait<Result>(timeout: Duration? = nil, until body: (inout Value) -> Result?) -> Result? {
        var deadline = timespec()
        if let timeout {
            clock_gettime(CLOCK_MONOTONIC, &deadline)
            let (seconds, nanoseconds) = timeout.wholeNanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
            deadline.tv_sec += Int(seconds) + (deadline.tv_nsec + Int(nanoseconds)) / 1_000_000_000
            deadline.tv_nsec = (deadline.tv_nsec + Int(nanoseconds)) % 1_000_000_000
        }
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        while true {
            if let result = body(&self.value) { return result }
            if timeout == nil {
                pthread_cond_wait(self.condition, self.mutex)
            } else if pthread_cond_timedwait(self.condition, self.mutex, &deadline) == ETIMEDOUT {
                return body(&self.value)
            }
        }
    }
}

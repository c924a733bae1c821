// SPDX-License-Identifier: Apache-2.0

import Glibc
import Values

/// A value behind a lock that a thread of our own can wait on.
///
/// Blocks the calling thread, so only dedicated threads call `wait`; any thread or task may call `withLock` and `signal`.
package final class Condition<Value: Sendable>: @unchecked Sendable {
    // Safe: `value` is touched only between lock and unlock of `mutex`; both C objects live at a fixed address until
    // deinit.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var value: Value

    /// Creates a condition around `value`.
    package init(_ value: Value) {
        self.value = value
        self.mutex = .allocate(capacity: 1)
        self.condition = .allocate(capacity: 1)
        pthread_mutex_init(self.mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // A wall clock that is set back must not lengthen a wait.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(self.condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(self.condition)
        pthread_mutex_destroy(self.mutex)
        self.condition.deallocate()
        self.mutex.deallocate()
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

    /// Runs `body` with the lock held; wakes nobody.
    package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
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

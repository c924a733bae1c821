// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Synchronization
import Threads

/// Resumes the tasks that wait for single requests.
final class SingleSends: HTTPReceiver {
    typealias Waiter = CheckedContinuation<Result<HTTPResponse, HTTPFailure>, Never>

    /// Behind a pthread lock: the thread sanitizer can't see through `Mutex` on Linux.
    private let waiters = Locked<[UInt64: Waiter]>([:])
    private let lastToken = Atomic<UInt64>(0)

    func newToken() -> UInt64 {
        self.lastToken.add(1, ordering: .relaxed).newValue
    }

    /// Registers the task that waits for a request; to be called before the request is started.
    func add(_ waiter: Waiter, for token: UInt64) {
        self.waiters.withLock { $0[token] = waiter }
    }

    func ended(_ ends: [HTTPEnd]) {
        let waiters = self.waiters.withLock { waiters in ends.map { waiters.removeValue(forKey: $0.token) } }
        for (end, waiter) in zip(ends, waiters) { waiter?.resume(returning: end.result) }
    }
}

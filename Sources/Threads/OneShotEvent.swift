// SPDX-License-Identifier: Apache-2.0

/// Something that happens once: any number of tasks may wait for it, before or after.
package final class OneShotEvent: Sendable {
    private enum State: Sendable {
        case pending([CheckedContinuation<Void, Never>])
        case complete
    }

    // A pthread lock, because the thread sanitizer can't see through `Mutex` on Linux.
    private let state = Locked(State.pending([]))

    /// Creates one that has not happened yet.
    package init() {}

    /// Whether it has happened.
    package var isComplete: Bool {
        self.state.withLock { if case .complete = $0 { true } else { false } }
    }

    /// Says that it has happened; a second call does nothing.
    ///
    /// Callable from any thread.
    package func complete() {
        let waiting = self.state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard case .pending(let waiting) = state else { return [] }
            state = .complete
            return waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Returns as soon as it has happened.
    ///
    /// Not cut short by cancellation.
    package func wait() async {
        await withCheckedContinuation { continuation in
            let isComplete = self.state.withLock { state -> Bool in
                guard case .pending(var waiting) = state else { return true }
                waiting.append(continuation)
                state = .pending(waiting)
                return false
            }
            if isComplete { continuation.resume() }
        }
    }

    /// Returns when it has happened, when `deadline` has come or when the task is cancelled.
    ///
    /// At the deadline or on cancellation it completes itself, so it must be the caller's own.
    package func wait(until deadline: ContinuousClock.Instant) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait() }
            group.addTask {
                // Cancelled when the event came first; then there is nothing left to complete.
                try? await Task.sleep(until: deadline, clock: .continuous)
                self.complete()
            }
            await group.next()
            group.cancelAll()
        }
    }
}

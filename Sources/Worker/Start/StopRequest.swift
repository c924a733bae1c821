// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Threads

/// Asks a worker once for an orderly end; any number of tasks may wait for that, and be cancelled while they do.
final class StopRequest: Sendable {
    private struct State {
        var isMade = false
        var waiters: [OneShotEvent] = []
    }

    private let state = Mutex(State())

    /// Whether it was made.
    var isMade: Bool { self.state.withLock { $0.isMade } }

    /// Makes it; a second call does nothing.
    func make() {
        let waiters = self.state.withLock { state in
            state.isMade = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.complete() }
    }

    /// Returns when it was made or the task is cancelled.
    func wait() async {
        let waiter = OneShotEvent()
        let isMade = self.state.withLock { state in
            if !state.isMade { state.waiters.append(waiter) }
            return state.isMade
        }
        guard !isMade else { return }
        await withTaskCancellationHandler {
            await waiter.wait()
        } onCancel: {
            waiter.complete()
        }
    }

    /// Runs `body`, and ends it when the request is made.
    ///
    /// - Returns: What `body` returned; `nil` when it was ended.
    /// - Throws: What `body` throws before the request is made.
    func unlessMade<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result? {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                await self.wait()
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}

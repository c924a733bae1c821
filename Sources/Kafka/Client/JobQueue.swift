// SPDX-License-Identifier: Apache-2.0

import Threads

/// Jobs for the one thread that polls a client, and the wake-up that ends its poll early.
///
/// Bounded by its callers: each awaits its job.
final class JobQueue: Sendable {
    /// Told whether it runs on the thread, or is refused because the thread has ended.
    typealias Job = @Sendable (_ isAccepted: Bool) -> Void

    private struct State: Sendable {
        var jobs: [Job] = []
        var isStopping = false
        var isEnded = false
        /// Ends the poll under way; gone as soon as the client may be destroyed.
        var wake: (@Sendable () -> Void)?
    }

    private let state: Monitor<State>

    init(wake: @escaping @Sendable () -> Void) { self.state = Monitor(State(wake: wake)) }

    /// Whether the thread was asked to end.
    var isStopping: Bool { self.state.withLock { $0.isStopping } }

    /// Runs `body` on the thread; `nil` when the thread has ended.
    func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result? {
        await withCheckedContinuation { continuation in
            let isAccepted = self.post { continuation.resume(returning: $0 ? body() : nil) }
            if !isAccepted { continuation.resume(returning: nil) }
        }
    }

    /// Gives a job to the thread without waiting; `false` when the thread has ended, and then it is not called.
    func post(_ job: @escaping Job) -> Bool {
        self.state.signal { state -> Bool in
            guard !state.isEnded else { return false }
            state.jobs.append(job)
            state.wake?()
            return true
        }
    }

    /// Ends the poll under way and every `wait`, so that their conditions are looked at again.
    func poke() {
        self.state.signal { $0.wake?() }
    }

    /// Asks the thread to end.
    func stop() {
        self.state.signal { state in
            state.isStopping = true
            state.wake?()
        }
    }

    /// Runs what waits; on the thread only.
    func runPending() {
        let jobs = self.state.withLock { state in
            defer { state.jobs = [] }
            return state.jobs
        }
        for job in jobs { job(true) }
    }

    /// Runs jobs until `isOver` says so, the thread was asked to end, or the time is up; on the thread only.
    ///
    /// - Returns: Whether it ended by `isOver`.
    func wait(timeout: Duration, until isOver: @Sendable () -> Bool) -> Bool {
        let deadline = ContinuousClock.now + timeout
        while true {
            self.runPending()
            if isOver() { return true }
            let remaining = deadline - .now
            guard !self.isStopping, remaining > .zero else { return false }
            _ = self.state.wait(timeout: remaining) { state -> Bool? in
                !state.jobs.isEmpty || state.isStopping || isOver() ? true : nil
            }
        }
    }

    /// Refuses what waits and everything later; after this the client may be destroyed.
    func end() {
        let jobs = self.state.signal { state in
            state.isEnded = true
            state.isStopping = true
            state.wake = nil
            defer { state.jobs = [] }
            return state.jobs
        }
        for job in jobs { job(false) }
    }

    /// Blocks until `end` was called; for another thread of the same client.
    func waitUntilEnded() {
        _ = self.state.wait { $0.isEnded ? true : nil }
    }
}

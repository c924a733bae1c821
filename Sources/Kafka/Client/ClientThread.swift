// SPDX-License-Identifier: Apache-2.0

import Threads

/// The thread that polls one client, runs the jobs given to it between polls, and in the end destroys the client.
final class ClientThread: Sendable {
    /// The jobs; polls that wait use it too.
    let jobs: JobQueue
    private let thread: DedicatedThread

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - name: Shown by debuggers.
    ///   - wake: Ends a poll under way, from any thread; never called once `finish` runs.
    ///   - poll: Called again and again; waits for whatever there is to wait for, until woken.
    ///   - finish: Called last, when jobs are refused already.
    init(
        name: String,
        wake: @escaping @Sendable () -> Void = {},
        poll: @escaping @Sendable (JobQueue) -> Void = { _ = $0.wait(timeout: .seconds(3_600), until: { false }) },
        finish: @escaping @Sendable () -> Void = {}
    ) {
        let jobs = JobQueue(wake: wake)
        self.jobs = jobs
        self.thread = DedicatedThread(name: name) {
            while !jobs.isStopping {
                jobs.runPending()
                poll(jobs)
            }
            jobs.runPending()
            jobs.end()
            finish()
        }
    }

    /// Runs `body` on the thread and returns what it returned.
    ///
    /// - Throws: What `body` failed with, or that the client is closed.
    func run<Success: Sendable>(
        _ operation: String,
        _ body: @escaping @Sendable () -> Result<Success, KafkaError>
    ) async throws(KafkaError) -> Success {
        guard let result = await self.jobs.run(body) else { throw .closed(operation: operation) }
        return try result.get()
    }

    /// Asks the thread to end, and returns when it has.
    func close() async {
        self.jobs.stop()
        await self.thread.join()
    }
}

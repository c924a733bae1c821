// SPDX-License-Identifier: Apache-2.0

/// Runs blocking jobs one after another, in the order given, on a thread of its own.
///
/// Bounded by its callers: each awaits its job, so the queue holds at most one job a caller.
package final class BlockingThread: Sendable {
    private typealias Job = @Sendable () -> Void

    private struct Queue: Sendable {
        var jobs: [Job] = []
        var isClosed = false
    }

    private let queue: Monitor<Queue>
    private let thread: DedicatedThread

    /// Starts the thread.
    ///
    /// - Parameter name: Shown by debuggers; Linux keeps the first 15 bytes.
    package init(name: String) {
        let queue = Monitor(Queue())
        self.queue = queue
        self.thread = DedicatedThread(name: name) {
            while let jobs = queue.wait(until: { Self.next(&$0) }), !jobs.isEmpty {
                for job in jobs { job() }
            }
        }
    }

    /// Takes all waiting jobs; an empty list says that the thread may end, `nil` that there is nothing yet.
    private static func next(_ queue: inout Queue) -> [Job]? {
        guard queue.jobs.isEmpty else {
            defer { queue.jobs = [] }
            return queue.jobs
        }
        return queue.isClosed ? [] : nil
    }

    /// Runs `body` on the thread and returns what it returned.
    ///
    /// Not cut short by cancellation: a C call under way can't be. After `close` it traps, since the owner has ended.
    package func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            self.queue.signal { queue in
                precondition(!queue.isClosed, "job given to a closed thread")
                queue.jobs.append { continuation.resume(returning: body()) }
            }
        }
    }

    /// Finishes the waiting jobs, ends the thread and waits for its end.
    package func close() async {
        self.queue.signal { $0.isClosed = true }
        await self.thread.join()
    }
}

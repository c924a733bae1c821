// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc

/// SIGTERM, SIGINT and SIGHUP as a request to stop in order; a second SIGTERM or SIGINT ends the process at once.
///
/// SIGHUP is what a terminal says when it closes, and some supervisors right after SIGTERM: nobody asks for haste by it, so one
/// that comes when stopping has begun is ignored, as it is for good where the process was started so (`nohup`).
/// Caught from its creation on, so to be created before whatever has to be stopped in order, until it is cancelled or
/// dropped.
package final class ShutdownSignal {
    private static let numbers = [SIGTERM, SIGINT, SIGHUP]
    /// Those that ask for haste when they come again.
    private static let hasty = [SIGTERM, SIGINT]

    /// The first signal, for a task of its own; this must outlive it.
    package let signals: AsyncStream<Void>
    private let sources: [any DispatchSourceSignal]

    /// Begins to catch them.
    ///
    /// - Parameter stop: Called once a signal, from any thread; must not block.
    package init(_ stop: @escaping @Sendable () -> Void = {}) {
        let (signals, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingOldest(1))
        self.signals = signals
        self.sources = Self.numbers.filter { !Self.isIgnoredHangUp($0) }.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                for number in ShutdownSignal.hasty { signal(number, SIG_DFL) }
                continuation.yield()
                stop()
            }
            source.activate()
            return source
        }
    }

    private static func isIgnoredHangUp(_ number: Int32) -> Bool {
        guard number == SIGHUP else { return false }
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        // A pointer to a function can't be compared; SIG_IGN is the number 1.
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: UInt.self) == 1
    }

    /// Catches them no longer.
    package func cancel() {
        for source in self.sources { source.cancel() }
    }

    /// Returns at the first signal, or when the task is cancelled.
    package func wait() async {
        for await _ in self.signals { return }
    }

    /// Runs `body` as a child task that the first signal cancels, so that a command can put its screen right and say how
    /// far it got.
    ///
    /// - Parameter body: The work.
    /// - Returns: What `body` returned.
    /// - Throws: What `body` throws; `CancellationError` where it gave up because of the signal.
    package static func cancelling<Success: Sendable>(
        _ body: @escaping @Sendable () async throws -> Success
    ) async throws -> Success {
        let shutdown = ShutdownSignal()
        defer { shutdown.cancel() }
        let signals = shutdown.signals
        return try await withThrowingTaskGroup(of: Success?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await _ in signals { break }
                return nil
            }
            var result = try await group.next() ?? nil
            group.cancelAll()
            while let more = try await group.next() { result = result ?? more }
            guard let result else { throw CancellationError() }
            return result
        }
    }
}

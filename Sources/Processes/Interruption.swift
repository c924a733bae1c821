// SPDX-License-Identifier: Apache-2.0

/// Ctrl-C and SIGTERM as cancellation, so that a command can put its screen right and say how far it got.
package enum Interruption {
    /// Runs `body` as a child task that the first SIGINT or SIGTERM cancels.
    ///
    /// The second one ends the process at once.
    ///
    /// - Parameter body: The work.
    /// - Returns: What `body` returned.
    /// - Throws: What `body` throws; `CancellationError` where it gave up because of the signal.
    package static func cancelling<Success: Sendable>(
        _ body: @escaping @Sendable () async throws -> Success
    ) async throws -> Success {
        let (signals, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingOldest(1))
        let stopSignals = StopSignals { continuation.yield() }
        defer { stopSignals.cancel() }
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

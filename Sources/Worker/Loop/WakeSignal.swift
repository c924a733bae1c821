// SPDX-License-Identifier: Apache-2.0

/// Wakes one task; any number of sends before it looks count as one.
final class WakeSignal: Sendable {
    private let continuation: AsyncStream<Void>.Continuation
    /// Ends when the signal is finished.
    let signals: AsyncStream<Void>

    init() {
        (self.signals, self.continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Wakes it.
    func send() { self.continuation.yield() }

    /// Ends the stream.
    func finish() { self.continuation.finish() }
}

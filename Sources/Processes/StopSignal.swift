// SPDX-License-Identifier: Apache-2.0

/// SIGTERM and SIGINT, as something to wait for; the second one ends the process at once.
///
/// Caught from its creation on, so to be created before whatever has to be stopped in order.
package final class StopSignal {
    /// The first signal, for a task of its own; this must outlive it.
    package let signals: AsyncStream<Void>
    private let handlers: StopSignals

    /// Begins to catch them.
    package init() {
        let (signals, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingOldest(1))
        self.signals = signals
        self.handlers = StopSignals { continuation.yield() }
    }

    /// Returns at the first signal, or when the task is cancelled.
    package func wait() async {
        for await _ in self.signals { return }
    }
}

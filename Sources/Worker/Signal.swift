// SPDX-License-Identifier: Apache-2.0

/// A wake-up for one loop: any number of signals before the loop looks count as one.
struct Signal: Sendable {
    /// The wake-ups; ends after `finish()`.
    let signals: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (self.signals, self.continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Wakes the loop.
    func send() { self.continuation.yield() }

    /// Ends the loop.
    func finish() { self.continuation.finish() }
}

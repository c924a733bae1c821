// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Connections to brokers that the producer has lost: told once a while, however many they are.
final class ConnectionLosses: Sendable {
    private let last = Mutex<ContinuousClock.Instant?>(nil)
    private let pauses: AsyncStream<Duration>
    private let toPause: AsyncStream<Duration>.Continuation

    init() { (self.pauses, self.toPause) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// A connection was lost.
    func add() {
        self.last.withLock { $0 = .now }
        // A broker that is restarted is away for longer; one of three may be back at once.
        self.toPause.yield(.seconds(1))
    }

    /// What was to be done for it has failed.
    func tryAgain() { self.toPause.yield(.seconds(5)) }

    /// When the last one was lost that was not taken yet; `nil` for none.
    func take() -> ContinuousClock.Instant? {
        self.last.withLock { last in
            defer { last = nil }
            return last
        }
    }

    /// Calls `tell` a little after losses, until it is cancelled.
    func run(_ tell: @Sendable () -> Void) async {
        for await pause in self.pauses {
            do {
                try await Task.sleep(for: pause)
            } catch {
                return
            }
            tell()
        }
    }
}

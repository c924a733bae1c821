// SPDX-License-Identifier: Apache-2.0

import Machine
import Synchronization

/// What has happened since the loop last looked: the one place where threads meet.
///
/// Records are bounded here: whoever brings them waits while many have not been taken. Answers are bounded by the budget, and
/// all else by the number of partitions.
final class LoopInbox: Sendable {
    /// Records that may wait before the one who brings them does.
    static let maximumRecords = 4_000

    private struct State: Sendable {
        var pending: [Input] = []
        var records = 0
        /// Who waits for room.
        var waiter: CheckedContinuation<Void, Never>?
        var isClosed = false

        mutating func takeWaiter() -> CheckedContinuation<Void, Never>? {
            defer { self.waiter = nil }
            return self.waiter
        }
    }

    private let state = Mutex(State())
    private let signal = WakeSignal()

    /// Tells of each time that something has come; any number of deliveries between two looks count as one.
    var signals: AsyncStream<Void> { self.signal.signals }

    /// Adds what has happened, in order; callable from any thread.
    func deliver(_ inputs: [Input]) {
        guard !inputs.isEmpty else { return }
        let wasEmpty = self.state.withLock { state in
            defer { state.pending += inputs }
            return state.pending.isEmpty
        }
        if wasEmpty { self.signal.send() }
    }

    /// Adds one thing that has happened.
    func deliver(_ input: Input) { self.deliver([input]) }

    /// Adds records, and waits while more of them wait than the loop takes at a time; for one caller.
    ///
    /// - Parameters:
    ///   - inputs: The records.
    ///   - count: How many those are.
    func deliver(_ inputs: [Input], records count: Int) async {
        self.deliver(inputs)
        await withCheckedContinuation { continuation in
            let hasRoom = self.state.withLock { state in
                if !state.pending.isEmpty { state.records += count }
                guard state.records >= Self.maximumRecords, !state.isClosed else { return true }
                precondition(state.waiter == nil, "records are brought by one task")
                state.waiter = continuation
                return false
            }
            if hasRoom { continuation.resume() }
        }
    }

    /// Takes all that has come.
    func take() -> [Input] {
        let (pending, waiter) = self.state.withLock { state in
            defer {
                state.pending = []
                state.records = 0
            }
            return (state.pending, state.takeWaiter())
        }
        waiter?.resume()
        return pending
    }

    /// Ends the signals; nobody waits any more.
    func close() {
        let waiter = self.state.withLock { state in
            state.isClosed = true
            return state.takeWaiter()
        }
        waiter?.resume()
        self.signal.finish()
    }
}

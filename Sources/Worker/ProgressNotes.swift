// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Synchronization
import Values

/// What moves in the worker: noted by the parts that move it, read by the one who watches.
final class ProgressNotes: Sendable {
    /// What is under way now, and since when.
    struct Snapshot: Sendable, Equatable {
        /// Since when an event of the consumer is being handled.
        var handlingSince: MonotonicTime?
        /// Since when a journal transaction is under way.
        var committingSince: MonotonicTime?
        /// When the rollouts want to be woken next; a time that has passed means that nobody did.
        var nextWake: MonotonicTime?
        /// Calls under way, by operation and start.
        var calls: [UInt64: Call] = [:]
        /// How long calls take of late, and how long they usually do.
        var pace = CallPace()
    }

    /// A call under way.
    struct Call: Sendable, Equatable {
        /// Name of the operation, from a closed list.
        var name: String
        /// When it began.
        var began: MonotonicTime
    }

    private let state = Mutex(Snapshot())

    /// What is under way now.
    var snapshot: Snapshot { self.state.withLock { $0 } }

    func handling(since time: MonotonicTime?) { self.state.withLock { $0.handlingSince = time } }

    func committing(since time: MonotonicTime?) { self.state.withLock { $0.committingSince = time } }

    func nextWake(_ time: MonotonicTime?) { self.state.withLock { $0.nextWake = time } }

    func callBegan(_ id: UInt64, _ name: String, at time: MonotonicTime) {
        self.state.withLock { $0.calls[id] = Call(name: name, began: time) }
    }

    func callEnded(_ id: UInt64, at time: MonotonicTime) {
        self.state.withLock { state in
            guard let call = state.calls.removeValue(forKey: id) else { return }
            state.pace.observe(time - call.began, at: time)
        }
    }
}

/// How long calls take of late against how long they usually take: two moving averages.
///
/// Exponential smoothing: each call moves the recent average by a fifth of the difference, the usual one by a hundredth.
struct CallPace: Sendable, Equatable {
    private(set) var recent = 0.0
    private(set) var usual = 0.0
    private(set) var count = 0
    private(set) var lastEnd: MonotonicTime?

    /// A call has ended.
    mutating func observe(_ span: Span, at time: MonotonicTime) {
        let seconds = Double(span.nanoseconds) / 1e9
        self.count += 1
        self.lastEnd = time
        // The first calls weigh by their number, so that the averages begin at what is seen and not at zero.
        self.recent += (seconds - self.recent) * max(0.2, 1 / Double(self.count))
        self.usual += (seconds - self.usual) * max(0.01, 1 / Double(self.count))
    }

    /// Whether calls are slow against their own history: five times the usual time, and two seconds at least.
    var isSlow: Bool { self.count >= 20 && self.recent >= 2 && self.recent >= 5 * self.usual }
}

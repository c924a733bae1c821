// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Machine
import Synchronization
import Values

/// Wakes the loop at the time that its newest turn asked for.
final class Alarm: Sendable {
    private let clock: WorkerClock
    private let inbox: LoopInbox
    /// The earliest time for which a timer runs.
    private let armed = Atomic<Int64>(Int64.max)

    init(clock: WorkerClock, inbox: LoopInbox) {
        self.clock = clock
        self.inbox = inbox
    }

    /// Sets the time; `nil` for none.
    ///
    /// A timer that runs already for an earlier time just wakes the loop once more.
    func set(_ time: MonotonicTime?) {
        guard let time, time.nanoseconds < self.armed.load(ordering: .relaxed) else { return }
        self.armed.store(time.nanoseconds, ordering: .relaxed)
        let delay = max(0, (time - self.clock.monotonic).nanoseconds)
        DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(Int(delay))) { [weak self] in
            guard let self else { return }
            // Only the timer of the earliest time takes it back; what is later is armed again by the turn that follows.
            _ = self.armed.compareExchange(expected: time.nanoseconds, desired: .max, ordering: .relaxed)
            self.inbox.deliver(.woke)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Rollouts
import Synchronization
import Values

/// Wakes a loop at the earliest of the times it was set to.
///
/// One timer at a time counts; an earlier wish adds another, and the old one then finds nothing to do. So a hundred
/// thousand waits cost no task and a handful of timers.
final class Alarm: Sendable {
    private let clock: WorkerClock
    private let signal: Signal
    private let next = Mutex<MonotonicTime?>(nil)

    /// Creates an alarm that sends `signal`.
    init(clock: WorkerClock, signal: Signal) {
        self.clock = clock
        self.signal = signal
    }

    /// Asks for a wake-up at `time`; a later one than is set already changes nothing.
    func set(_ time: MonotonicTime?) {
        guard let time else { return }
        let isEarlier = self.next.withLock { next -> Bool in
            guard time < next ?? MonotonicTime(nanoseconds: .max) else { return false }
            next = time
            return true
        }
        guard isEarlier else { return }
        let delay = max(0, (time - self.clock.monotonic).nanoseconds)
        DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(Int(delay))) { [weak self] in
            self?.ring(time)
        }
    }

    private func ring(_ time: MonotonicTime) {
        let isCurrent = self.next.withLock { next -> Bool in
            guard next == time else { return false }
            next = nil
            return true
        }
        if isCurrent { self.signal.send() }
    }
}

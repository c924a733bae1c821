// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Rollouts
import Synchronization

/// Wakes a loop at the earliest of the times it was set to.
///
/// One Dispatch timer, moved only when an earlier time comes: a hundred thousand waits cost no timer and no task.
final class Alarm: Sendable {
    private let clock: WorkerClock
    private let signal: Signal
    private let timer: any DispatchSourceTimer
    private let next = Mutex<MonotonicTime?>(nil)

    /// Creates an alarm that sends `signal`.
    init(clock: WorkerClock, signal: Signal) {
        self.clock = clock
        self.signal = signal
        self.timer = DispatchSource.makeTimerSource(queue: .global())
        self.timer.setEventHandler { [weak self] in self?.ring() }
        self.timer.schedule(deadline: .distantFuture)
        self.timer.activate()
    }

    deinit { self.timer.cancel() }

    private func ring() {
        self.next.withLock { $0 = nil }
        self.signal.send()
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
        // A millisecond's leeway: the kernel may join wake-ups.
        self.timer.schedule(deadline: .now() + .nanoseconds(Int(delay)), leeway: .milliseconds(1))
    }
}

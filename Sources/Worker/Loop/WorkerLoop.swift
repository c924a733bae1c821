// SPDX-License-Identifier: Apache-2.0

import Machine
import Values

/// Takes what has happened, has the machine decide, and performs what it decided; decides nothing itself.
struct WorkerLoop: Sendable {
    let inbox: LoopInbox
    let clock: WorkerClock
    let alarm: Alarm
    let observer: any WorkerObserver
    let heartbeat: Heartbeat
    /// Sees the inputs before the machine does.
    let overhear: @Sendable ([Input]) -> [Input]

    /// Works until the machine says that the worker is done, or the task is cancelled, as in a crash.
    ///
    /// - Parameters:
    ///   - machine: Decides; the loop's own from here on.
    ///   - ports: Perform.
    /// - Throws: `WorkerFailure` when the worker can't go on.
    func run(_ machine: consuming WorkerMachine, _ ports: Ports) async throws {
        // The first turn needs no input.
        self.inbox.deliver(.woke)
        for await _ in self.inbox.signals {
            guard !Task.isCancelled else { return }
            let now = self.clock.now()
            self.heartbeat.turnBegan(at: now.monotonic)
            let turn = machine.handle(self.overhear(self.inbox.take()), now: now)
            self.observer.note(turn.reports)
            let end = ports.perform(turn.actions)
            self.alarm.set(turn.wakeAt)
            self.heartbeat.turnEnded(turn.underWay)
            guard let end else { continue }
            if let failure = end.failure { throw failure }
            return
        }
    }
}

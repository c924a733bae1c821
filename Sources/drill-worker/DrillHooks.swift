// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Worker

/// What the environment asks of a test's worker.
///
/// `DRILL_ABLATE`: guarantees to take away, with commas between them: `journal`, `adoption`, `fence`.
/// `DRILL_STOP`: `BOUNDARY:N:freeze` or `BOUNDARY:N:kill`: what the process does to itself at the n-th time that it reaches
/// that boundary, such as `beforeCall:1:freeze`. Whoever started it sees it stop, and thaws it by SIGCONT. With `hold` only
/// the thread that is there stands still, for good: the process is stuck.
struct DrillHooks: Sendable {
    /// Why the environment can't be followed.
    struct Mistake: Error, CustomStringConvertible {
        let description: String
    }

    /// Where and how the process stops.
    struct Stop: Sendable {
        let checkpoint: Checkpoint
        let number: Int
        /// What the process gets; `nil` holds the thread.
        let signal: Int32?
    }

    let ablation: Ablation
    let stop: Stop?

    /// Reads the environment.
    static func read() throws(Mistake) -> DrillHooks {
        var ablation: Ablation = []
        for word in self.variable("DRILL_ABLATE").split(separator: ",") {
            switch word {
            case "journal": ablation.insert(.journal)
            case "adoption": ablation.insert(.adoption)
            case "fence": ablation.insert(.fence)
            default: throw Mistake(description: "DRILL_ABLATE: journal, adoption or fence is expected, not '\(word)'")
            }
        }
        return DrillHooks(ablation: ablation, stop: try self.stop(self.variable("DRILL_STOP")))
    }

    private static func stop(_ text: String) throws(Mistake) -> Stop? {
        guard !text.isEmpty else { return nil }
        let parts = text.split(separator: ":").map(String.init)
        let signals: [String: Int32?] = ["freeze": SIGSTOP, "kill": SIGKILL, "hold": nil]
        guard parts.count == 3, let checkpoint = Checkpoint(rawValue: parts[0]), let number = Int(parts[1]), number > 0,
            let signal = signals[parts[2]]
        else { throw Mistake(description: "DRILL_STOP: BOUNDARY:N:freeze, :kill or :hold is expected") }
        return Stop(checkpoint: checkpoint, number: number, signal: signal)
    }

    private static func variable(_ name: String) -> String { getenv(name).map { String(cString: $0) } ?? "" }

    /// Puts the hooks into a worker's settings.
    func apply(to settings: inout WorkerSettings) {
        settings.ablation = self.ablation
        guard let stop = self.stop else { return }
        let counter = Counter()
        settings.checkpoints = { checkpoint in
            guard checkpoint == stop.checkpoint, counter.next() == stop.number else { return }
            // To this very thread, so that nothing behind the boundary is done before the process stands still.
            if let signal = stop.signal { raise(signal) } else { while true { pause() } }
        }
    }
}

/// Counts from 1.
private final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        self.count.withLock { count in
            count += 1
            return count
        }
    }
}

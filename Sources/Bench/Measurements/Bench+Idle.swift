// SPDX-License-Identifier: Apache-2.0

import Processes

extension Bench {
    func startToPoll(_ worker: WorkerProcess) -> Figure {
        Figure(
            name: "startToFirstPoll",
            title: "start to first poll",
            value: worker.startToPoll / .milliseconds(1),
            unit: "ms",
            target: .atMost(300),
            note: "from the start of the process until its log says that it has subscribed"
        )
    }

    /// A worker that holds its partitions and has nothing to do.
    func idle(_ worker: WorkerProcess) async throws -> [Figure] {
        // What the start took is not idling.
        try await Task.sleep(for: .seconds(2))
        let (before, start) = (try worker.usage(), ContinuousClock.now)
        try await Task.sleep(for: self.settings.idleTime)
        let (after, end) = (try worker.usage(), ContinuousClock.now)
        return [
            Figure(
                name: "idleMemory",
                title: "idle, memory",
                value: Self.mebibytes(after.residentBytes),
                unit: "MiB",
                target: .atMost(30)
            ),
            Figure(
                name: "idleProcessor",
                title: "idle, share of a core",
                value: (after.processorTime - before.processorTime) / (end - start) * 100,
                unit: "%",
                target: .atMost(0.5)
            ),
        ]
    }

    static func mebibytes(_ bytes: Int) -> Double { Double(bytes) / 1_048_576 }
}

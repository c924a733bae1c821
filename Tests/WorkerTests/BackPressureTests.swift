// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Synchronization
import Telemetry
import TestSupport
import Testing
import WorkbenchSandbox

@testable import Worker

/// Intake stops at the bound of unfinished rollouts, says so, and goes on when there is room.
@Suite(.timeLimit(.minutes(2)))
struct BackPressureTests {
    @Test func intakePausesAtTheBoundSaysSoAndGoesOn() async throws {
        try await WorkerFixture.with(clock: .init(fixed: .milliseconds(200))) { bed in
            let runs = try await bed.seedRuns(1)
            var settings = bed.settings(.catchAll)
            settings.maximumUnfinished = 4
            let most = Mutex(0)
            let registry = MetricsRegistry()
            // Looked at whenever something is about to be written, so often enough to see the peak.
            let look = CommitLook {
                let text = registry.prometheusText()
                let line = text.split(separator: "\n").first { $0.hasPrefix("slipway_rollouts_unfinished ") }
                let count = line.flatMap { Int($0.dropFirst("slipway_rollouts_unfinished ".count)) } ?? 0
                most.withLock { $0 = max($0, count) }
            }
            try await bed.withWorker(settings.tapped(by: look), registry: registry) { worker in
                // One by one, so that no batch brings many at once.
                for number in 1...12 {
                    try await bed.emit(runs[0].data(model: "m\(number)"), id: "\(number)", key: "m\(number)")
                    if number == 8 {
                        _ = try await bed.phases(untilEnded: 1)
                        #expect(worker.health.snapshot.contains { $0.name == "intake" })
                    }
                }
                let phases = try await bed.phases(untilEnded: 12)
                #expect(phases.count == 12)
                #expect(phases.values.allSatisfy { $0.last == "deployed" })
                #expect(worker.health.snapshot.first { $0.name == "intake" }?.cause == nil, "it goes on")
            }
            #expect(most.withLock { $0 } >= 4)
            #expect(most.withLock { $0 } < 12, "not everything was taken at once")
        }
    }
}

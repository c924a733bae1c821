// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Telemetry
import Testing

@testable import Worker

/// What operations see of events that end well and badly: metrics with the class, log lines that say whose they are.
@Suite(.timeLimit(.minutes(2)))
struct ObservationTests {
    /// Series of the metrics page with their values; `nil` where it is only known to be above zero.
    private static let series: [(String, Double?)] = [
        (#"slipway_events_total{outcome="accepted"}"#, 2),
        (#"slipway_events_total{outcome="dead"}"#, 3),
        (#"slipway_dead_letters_total{class="truncated"}"#, 2),
        (#"slipway_dead_letters_total{class="wrongType"}"#, 1),
        (#"slipway_rollouts_total{outcome="deployed",class="none"}"#, 1),
        (#"slipway_rollouts_total{outcome="failed",class="runNotFound"}"#, 1),
        (#"slipway_rollout_phases_total{phase="deployed"}"#, 1),
        (#"slipway_rollout_phase_seconds_count{phase="building"}"#, 1),
        (#"slipway_journal_transactions_total{outcome="committed"}"#, nil),
        ("slipway_rollouts_unfinished", 0),
        ("slipway_event_to_first_call_seconds_count", 2),
        ("slipway_event_to_first_create_seconds_count", 1),
    ]

    @Test func metricsAndLogNameEveryEnd() async throws {
        try await WorkerFixture.with(partitionCount: 1) { bed in
            let runs = try await bed.seedRuns(2)
            let missing = WorkerFixture.SeededRun(
                projectID: runs[1].projectID,
                experimentID: runs[1].experimentID,
                runID: "gone-gone-gone-gone"
            )
            let (registry, log) = (MetricsRegistry(), TestLog())
            try await bed.withWorker(bed.settings(.catchAll), registry: registry, logger: log.logger) { _ in
                for body in ["{", "{\"runId\":", #"{"projectId":7,"runId":"r"}"#] {
                    try await bed.emit(body, id: body, key: "k")
                }
                try await bed.emit(missing.data(model: "missing"), id: "missing", key: "missing")
                try await bed.emit(runs[0].data(model: "good"), id: "good", key: "good")
                _ = try await bed.phases(untilEnded: 2)
            }
            let page = registry.prometheusText().split(separator: "\n")
            for (name, value) in Self.series {
                let line = page.first { $0.hasPrefix(name + " ") }
                let found = try #require(line.flatMap { Double($0.dropFirst(name.count + 1)) }, "\(name)")
                #expect(value.map { $0 == found } ?? (found > 0), "\(name) is \(found)")
            }
            self.check(log, runs[0])
        }
    }

    private func check(_ log: TestLog, _ run: WorkerFixture.SeededRun) {
        func lines(_ message: String) -> [[String: LogValue]] {
            log.kept.records.filter { $0.message == message }
                .map { Dictionary($0.fields.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 }) }
        }
        let dead = lines("event put aside as a dead letter")
        for name in ["truncated", "wrongType"] { #expect(dead.contains { $0["class"] == .string(name) }, "\(name)") }
        for line in dead {
            for key in ["cause", "nextStep", "topic", "partition", "offset", "count"] {
                #expect(line[key] != nil, "\(key)")
            }
        }
        let failed = lines("rollout failed")
        #expect(failed.map { $0["class"] } == [.string("runNotFound")])
        #expect(failed.map { $0["model"] } == [.string("missing")])
        #expect(failed.first?["nextStep"] == .string(CauseClass.runNotFound.nextStep))
        let deployed = lines("rollout deployed")
        #expect(deployed.map { $0["run"] } == [.string(run.runID)])
        for line in failed + deployed {
            #expect(line["rolloutID"] != nil)
            #expect(line["partition"] == .integer(0))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Telemetry
import TestSupport
import Testing
import Values
import WorkbenchSandbox

@testable import Worker

/// Workers on three brokers that are killed one after the other, or stand still all at once, while rollouts are under way.
///
/// `KAFKA_CONTROL` is a shell command with {action} (kill, boot, freeze, thaw) and {node} (1 to 3).
@Suite(
    .serialized,
    .enabled(
        if: BrokerControl.hasThree,
        "KAFKA_BOOTSTRAP and KAFKA_CONTROL name no three brokers that may be killed (.ci/with-kafka 3)"
    ),
    .timeLimit(.minutes(10))
)
struct ThreeBrokerTests {
    @Test func brokersThatAreKilledAndComeBackCostNothing() async throws {
        try await WorkerFixture.with(genuine: true, partitionCount: 6, clock: .init(fixed: .milliseconds(400))) { bed in
            let runs = try await bed.seedRuns(24)
            let logs = [TestLog(), TestLog()]
            try await bed.withWorker(bed.settings(.catchAll), logger: logs[0].logger) { _ in
                try await bed.withWorker(bed.settings(.catchAll), logger: logs[1].logger) { _ in
                    for node in 1...3 {
                        for index in (8 * (node - 1))..<(8 * node) {
                            try await bed.emit(runs[index].data(model: "m\(index)"), id: "\(index)", key: "m\(index)")
                        }
                        _ = try await bed.phases(untilEnded: 8 * (node - 1) + 1)
                        try await BrokerControl.run("kill", node)
                        // With one broker away work goes on.
                        _ = try await bed.phases(untilEnded: 8 * (node - 1) + 4)
                        try await BrokerControl.run("boot", node)
                        _ = try await bed.phases(untilEnded: 8 * node)
                    }
                }
            }
            let phases = try await bed.phases(untilEnded: 24)
            #expect(phases.count == 24)
            for (id, phases) in phases {
                #expect(phases.last == "deployed", "\(id): \(phases)")
                #expect(phases.count { Phase(rawValue: $0)?.isTerminal == true } == 1, "\(id): \(phases)")
            }
            #expect(try await bed.audit().created == ["version": 24, "model": 24, "build": 24, "deployment": 24])
            #expect(try await bed.committedOffsets().values.map(\.rawValue).reduce(0, +) == 24)
        }
    }

    /// All three stand still for longer than a transaction may take: what was committed is read from the journal.
    @Test func aStandstillOfTheWholeClusterIsWaitedOut() async throws {
        // Ends that lie apart: some are there, and others still to be written, when everything stands still.
        let clock = LifeCycleClock(
            registering: .zero ... .zero,
            building: .milliseconds(200) ... .seconds(15),
            deploying: .zero ... .zero,
            stopping: .zero ... .zero
        )
        try await WorkerFixture.with(genuine: true, partitionCount: 3, clock: clock) { bed in
            let runs = try await bed.seedRuns(12)
            let (log, registry) = (TestLog(), MetricsRegistry())
            var settings = bed.settings(.catchAll)
            settings.transactionTimeout = .seconds(3)
            try await bed.withWorker(settings, registry: registry, logger: log.logger) { worker in
                for index in 0..<12 {
                    try await bed.emit(runs[index].data(model: "m\(index)"), id: "\(index)", key: "m\(index)")
                }
                _ = try await bed.phases(untilEnded: 2)
                for node in 1...3 { try await BrokerControl.run("freeze", node) }
                // Transactions fail or stay of unknown outcome, and the worker says so.
                try await log.first("producer unusable; reloading every partition from the journal")
                #expect(!worker.health.isReady)
                for node in 1...3 { try await BrokerControl.run("thaw", node) }
                let phases = try await bed.phases(untilEnded: 12)
                for (id, phases) in phases {
                    #expect(phases.last == "deployed", "\(id): \(phases)")
                    #expect(phases.count { Phase(rawValue: $0)?.isTerminal == true } == 1, "\(id): \(phases)")
                }
            }
            #expect(try await bed.audit().created == ["version": 12, "model": 12, "build": 12, "deployment": 12])
            let lost = ["unknown", "fatal"].map {
                registry.count(#"slipway_journal_transactions_total{outcome="\#($0)"}"#)
            }
            #expect(lost.reduce(0, +) >= 1)
            #expect(registry.count("slipway_producer_replaced_total") >= 1)
            // It was empty when the partitions were assigned: what was read of it, was read by starting over. Two had ended.
            #expect(registry.count("slipway_restored_records_total") >= 2)
        }
    }
}

extension MetricsRegistry {
    /// The value of a counter, named with its labels; 0 for one that was never counted.
    fileprivate func count(_ name: String) -> Int {
        self.prometheusText().split(separator: "\n").first { $0.hasPrefix("\(name) ") }
            .flatMap { Int($0.dropFirst(name.count + 1)) } ?? 0
    }
}

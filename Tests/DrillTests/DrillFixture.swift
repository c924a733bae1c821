// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import Drill

/// Small drills on a genuine Kafka, with workers that can stop at a step boundary or lack a guarantee.
enum DrillFixture {
    static let isThere: ConditionTrait = .enabled(
        if: KafkaFixture.genuineBootstrap != nil,
        "KAFKA_BOOTSTRAP is not set: no genuine Kafka to hold a drill on"
    )

    /// Settings of a drill with two workers in which nothing goes wrong but what the test adds.
    static func settings(seed: UInt64 = 1) throws -> DrillSettings {
        var settings = DrillSettings(
            seed: seed,
            bootstrapServers: KafkaFixture.genuineBootstrap ?? "",
            workerPath: try self.worker()
        )
        settings.rollouts = 24
        settings.workers = 2
        // The group shares partitions of all topics out alike: so few of the events that each worker has some of the inbox, and
        // with them rollouts.
        settings.eventPartitionCount = 1
        settings.inboxPartitionCount = 5
        settings.timeLimit = .seconds(180)
        settings.eventSpan = .seconds(3)
        settings.times.sweep = .seconds(4)
        return settings
    }

    /// `drill-worker`, which lies beside the tests' own program.
    static func worker() throws -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let program = String(decoding: buffer[..<max(0, count)].map(UInt8.init(bitPattern:)), as: UTF8.self)
        let folder = program.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
        let worker = "\(folder)/drill-worker"
        try #require(access(worker, X_OK) == 0, "\(worker) is not there")
        return worker
    }

    /// Holds a drill, and tells what it does and which columns are red.
    static func hold(_ settings: DrillSettings) async throws -> DrillLedger {
        let ledger = try await Drill(settings) { print("drill: \($0)") }.run()
        let red = DrillLedger.Column.allCases.filter { ledger.count($0) > 0 }
        let words = red.map { "\($0.words) \(ledger.count($0))" }.joined(separator: ", ")
        print("drill: \(red.isEmpty ? "clean" : words), explained orphans \(ledger.orphans.count)")
        return ledger
    }
}

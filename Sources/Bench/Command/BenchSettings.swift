// SPDX-License-Identifier: Apache-2.0

/// What is measured, and how much of it.
struct BenchSettings: Sendable {
    /// Bootstrap servers of a genuine Kafka; `nil` for the mock cluster.
    var bootstrap: String?
    /// Folder of the programs that are measured.
    var programs: String
    /// Rollouts of one round of the throughput measurement.
    var rollouts: Int
    /// Rounds of it; the best counts.
    var rounds: Int
    /// Events of the latency measurement.
    var singles: Int
    /// Repeated and unwanted events.
    var idleEvents: Int
    /// Numbers of waiting rollouts at which memory is read, ascending.
    var waiting: [Int]
    /// Records of the journal that is restored.
    var journalRecords: Int
    /// Workers that are killed, to see how soon another goes on.
    var takeovers: Int
    /// How long the worker is watched doing nothing.
    var idleTime: Duration
    /// How long a bare client is driven.
    var bareTime: Duration
    /// API calls under way at a time.
    var concurrency: Int

    /// What is measured.
    var only = Set(Measurement.allCases)
    /// Another worker's program, to be measured in turns with ours; `nil` for none.
    var otherWorker: String?
    /// Processes of brokers on this machine, whose time is told, too.
    var brokers: [Int32] = []

    /// The worker that is measured.
    var worker: String { "\(self.programs)/slipway" }

    /// Whether the figures that need a genuine Kafka are taken.
    var isGenuine: Bool { self.bootstrap != nil }
}

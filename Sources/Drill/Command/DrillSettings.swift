// SPDX-License-Identifier: Apache-2.0

/// What a drill is to do, and with what.
package struct DrillSettings: Sendable {
    /// Times that the workers go by, short enough for a drill of minutes.
    package struct Times: Sendable, Equatable {
        /// After how long without a heartbeat a worker is taken for dead; at least 11 s.
        package var session = Duration.seconds(12)
        /// How long a dead worker's transaction may hold readers back; at least 10 s less than `session`.
        package var transaction = Duration.seconds(2)
        /// Deadline of a call.
        package var request = Duration.seconds(2)
        /// How long after a call's deadline the workbench may still act on it.
        package var settle = Duration.seconds(3)
        /// How long after its end a rollout is swept for orphans; longer than any call of a drill is late.
        package var sweep = Duration.seconds(12)

        /// Creates the times of a drill.
        package init() {}
    }

    /// Decides everything that happens.
    package var seed: UInt64
    /// Rollouts that the events ask for; 1 or more.
    package var rollouts = 200
    /// Workers; 1 or more.
    package var workers = 3
    /// Kafka, "host:port" with commas between them.
    package var bootstrapServers: String
    /// What goes wrong.
    package var faults: Set<DrillFault> = []
    /// Command that kills or starts a broker: `{action}` in it becomes `kill` or `boot`, `{node}` a number from 1.
    package var brokerControl: String?
    /// Brokers that the command knows.
    package var brokers = 3
    /// Program of the workers, started as `PROGRAM run`.
    package var workerPath: String
    /// Environment variables of every worker, beside those that the drill sets.
    package var environment: [String: String] = [:]
    /// Environment variables of the first worker until it ends for the first time.
    package var firstEnvironment: [String: String] = [:]
    /// Partitions of the events topic; another number than the inbox has, so that partitions of one number have two owners.
    package var eventPartitionCount = 9
    /// Partitions of the inbox, and of the topics that workers write.
    package var inboxPartitionCount = 6
    /// Fault rules of the workbench, as `PUT /sandbox/faults` takes them, that hold all the time in place of those that the
    /// seed decides; `nil` for these.
    package var lastingFaults: String?
    /// In which time the events are sent; `nil` for as long as things go wrong.
    package var eventSpan: Duration?
    /// How long the drill may take; what has not ended by then is judged as it is.
    package var timeLimit = Duration.seconds(300)
    /// The workers' times.
    package var times = Times()

    /// Creates settings; the rest has its defaults.
    package init(seed: UInt64, bootstrapServers: String, workerPath: String) {
        self.seed = seed
        self.bootstrapServers = bootstrapServers
        self.workerPath = workerPath
    }

    /// For how long events are sent and things go wrong.
    var span: Duration { .milliseconds(max(20_000, min(600_000, 15_000 + self.rollouts * 90))) }
}

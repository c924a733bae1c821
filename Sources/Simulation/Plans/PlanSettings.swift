// SPDX-License-Identifier: Apache-2.0

/// What a world is like before anything goes wrong in it: sizes, times in milliseconds, habits.
package struct PlanSettings: Sendable, Equatable {
    /// Workers.
    package var workers = 2
    /// Consumer groups that read the topics; 2 is an operator's mistake.
    package var groups = 1
    /// Partitions of inbox and journal.
    package var inboxPartitions = 3
    /// Event topics.
    package var eventTopics = 1
    /// Partitions of each event topic at the beginning.
    package var eventPartitions = 3
    /// Models; each has an experiment of its own.
    package var models = 4
    /// Runs of each model's experiment.
    package var runs = 16
    /// Deadline of one request.
    package var requestTimeout = 10_000
    /// How long after that the workbench may still act.
    package var settle = 20_000
    /// How long after a rollout's end it is looked for orphans.
    package var sweepAfter = 40_000
    /// How old an intent may be.
    package var intentValidity = 5_000
    /// First interval between polls.
    package var pollMinimum = 1_000
    /// Longest interval between polls.
    package var pollMaximum = 8_000
    /// Requests a second; 0 for no limit.
    package var callsPerSecond = 0
    /// Requests at a time.
    package var concurrentCalls = 16
    /// The longest that registering takes; the shortest is a quarter of it.
    package var registering = 2_000
    /// The longest that a build takes.
    package var building = 20_000
    /// The longest that a deployment takes.
    package var deploying = 8_000
    /// Session time-out of the consumers.
    package var sessionTimeout = 45_000
    /// Time-out of the transactions.
    package var transactionTimeout = 10_000
    /// How long a revocation is held.
    package var revocationTimeout = 30_000
    /// How long a worker that is told to stop takes at the most.
    package var stopTimeout = 25_000
    /// Unfinished rollouts at which intake pauses.
    package var maximumUnfinished = 20_000
    /// Rollouts of the route that may be under way; 0 for no bound.
    package var underWay = 0
    /// The largest record of journal, status and inbox, in bytes.
    package var maximumRecordBytes = 1_000_000
    /// The largest record that inbox, journal and status really take, in bytes.
    package var topicRecordBytes = 1_000_000
    /// Records in one poll of a consumer.
    package var pollLimit = 20
    /// Whether every run is deployed in its turn, not only the newest.
    package var deploysEveryRun = false
    /// Whether models are named from the run's facts, so that rollouts move.
    package var namesByFacts = false
    /// Whether deployed models are asked.
    package var verifies = false
    /// Whether a run must be better than the one that is deployed.
    package var compares = false

    /// The settings as they are without a plan.
    package init() {}

    /// The numbers by name, each with what is allowed.
    static let numbers:
        [(name: String, path: any WritableKeyPath<PlanSettings, Int> & Sendable, allowed: ClosedRange<Int>)] = [
            ("workers", \.workers, 1...8),
            ("groups", \.groups, 1...2),
            ("inboxPartitions", \.inboxPartitions, 1...64),
            ("eventTopics", \.eventTopics, 1...4),
            ("eventPartitions", \.eventPartitions, 1...64),
            ("models", \.models, 1...1_000),
            ("runs", \.runs, 1...1_000),
            ("requestTimeout", \.requestTimeout, 100...600_000),
            ("settle", \.settle, 0...3_600_000),
            ("sweepAfter", \.sweepAfter, 0...3_600_000),
            ("intentValidity", \.intentValidity, 1...600_000),
            ("pollMinimum", \.pollMinimum, 1...600_000),
            ("pollMaximum", \.pollMaximum, 1...600_000),
            ("callsPerSecond", \.callsPerSecond, 0...100_000),
            ("concurrentCalls", \.concurrentCalls, 1...10_000),
            ("registering", \.registering, 0...3_600_000),
            ("building", \.building, 0...3_600_000),
            ("deploying", \.deploying, 0...3_600_000),
            ("sessionTimeout", \.sessionTimeout, 6_000...600_000),
            ("transactionTimeout", \.transactionTimeout, 1_000...600_000),
            ("revocationTimeout", \.revocationTimeout, 0...600_000),
            ("stopTimeout", \.stopTimeout, 0...600_000),
            ("maximumUnfinished", \.maximumUnfinished, 1...1_000_000),
            ("underWay", \.underWay, 0...100_000),
            ("maximumRecordBytes", \.maximumRecordBytes, 1_000...10_000_000),
            ("topicRecordBytes", \.topicRecordBytes, 1_000...10_000_000),
            ("pollLimit", \.pollLimit, 1...10_000),
        ]

    /// The flags by name.
    static let flags: [(name: String, path: any WritableKeyPath<PlanSettings, Bool> & Sendable)] = [
        ("deploysEveryRun", \.deploysEveryRun),
        ("namesByFacts", \.namesByFacts),
        ("verifies", \.verifies),
        ("compares", \.compares),
    ]
}

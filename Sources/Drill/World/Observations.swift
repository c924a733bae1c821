// SPDX-License-Identifier: Apache-2.0

import SandboxPrograms
import Values

/// What a drill has seen, for the ledger to judge.
struct Observations: Sendable {
    /// Where a record stands on the events topic.
    struct Place: Sendable, Hashable {
        /// The event topic; empty where there is only one.
        var topic = ""
        let partition: Partition
        let offset: Offset
    }

    /// One record of the journal.
    struct JournalEntry: Sendable, Equatable {
        let partition: Partition
        let offset: Offset
        /// When it was written.
        let at: Timestamp
        /// Who wrote it, and in which generation of the group.
        let process: String
        let generation: Int32
        /// The rollout; `nil` for a lane's and for the partition's own.
        let rolloutID: String?
        /// Whether the rollout has ended, or goes on in another partition.
        let isTerminal: Bool
    }

    /// What a worker's readiness said at a moment.
    struct HealthSample: Sendable, Equatable {
        /// When it said so.
        let at: Timestamp
        /// Why it is not ready, in its own words; `nil` if it is.
        let cause: String?
    }

    /// Runs by their ids.
    var runs: [String: DrillPlan.Run] = [:]
    /// What events that are on their topic ask for.
    var expectedRollouts: Set<DrillPlan.ExpectedRollout> = []
    /// Where events stand that can't be understood.
    var unreadable: Set<Place> = []
    /// Records of the events topic.
    var events = 0
    /// Events that were forwarded to their owner's partition of the inbox.
    var forwarded = 0
    /// Rollouts that moved to their owner's partition.
    var moved = 0
    /// From the status topic.
    var rollouts = RolloutLedger()
    /// From the journal, whose partitions are the inbox's, in the order of each partition.
    var journal: [JournalEntry] = []
    /// Where the events of the dead letters stood first; `nil` where a dead letter doesn't say.
    var deadLetters: [Place?] = []
    /// Statuses, and notes of dead letters, that have characters in them which drive a terminal.
    var unescaped: [String] = []
    /// From the sandbox.
    var audit = AuditLedger()
    /// What was done to workers and brokers.
    var injectedFaults: [InjectedFault] = []
    /// Calls that went wrong on purpose, by fault.
    var faultedCalls: [String: Int] = [:]
    /// What the workers' readiness said, in the order of time; a worker that doesn't answer says so.
    var health: [HealthSample] = []
    /// Workers that ended, or did not end, as they should not have.
    var unexpectedEnds: [String] = []

    /// How long no rollout may move unless readiness says why.
    var stallLimit = Duration.seconds(45)
    /// How long after a thaw a call that was about to be sent may still be made.
    var thawAllowance = Duration.seconds(10)
}

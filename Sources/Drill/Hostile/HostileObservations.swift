// SPDX-License-Identifier: Apache-2.0

import SandboxPrograms
import Values
import WorkbenchSandbox

/// What a hostile drill has seen, for the ledger to judge.
struct HostileObservations: Sendable {
    /// An honest event that is on its topic.
    struct Honest: Sendable {
        var run: HostilePlan.Run
        var place: RolloutLedger.EventPlace
        var sentAt: Timestamp
        var isCalm: Bool
    }

    /// A record of the tenant's that is on its topic.
    struct Sent: Sendable {
        var place: RolloutLedger.EventPlace
        var attack: HostileAttack
        /// What makes it the same event as others; of those one answer is enough.
        var identity: String
    }

    /// Honest events.
    var honest: [Honest] = []
    /// Honest events that no broker took, which is no worker's fault but leaves nothing to be judged.
    var unsent: [String] = []
    /// The tenant's records that brokers took.
    var tenant: [Sent] = []
    /// The tenant's records that brokers refused, by their reason.
    var refused: [String: Int] = [:]
    /// From the status topic.
    var rollouts = RolloutLedger()
    /// Where the events of dead letters stood first.
    var deadLetters: Set<RolloutLedger.EventPlace> = []
    /// What was changed on the workbench, in order.
    var audit: [AuditEntry] = []
    /// How many workers there are.
    var workers = 1
    /// When a worker was killed; `nil` for never.
    var killedAt: Timestamp?
    /// For how long its partitions may be nobody's, or busy with what was left: its session, and as long as that takes to work off.
    var recovery = Duration.seconds(22)
    /// Lines of statuses, dead letters' notes and logs that have characters in them which drive a terminal.
    var unescaped: [String] = []
    /// Workers that ended by themselves.
    var unexpectedEnds: [String] = []
    /// Whether brokers kept the tenant from every topic but its own.
    var isConfined = false
}

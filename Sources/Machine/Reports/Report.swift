// SPDX-License-Identifier: Apache-2.0

package import Rollouts
package import Values

/// Something for people or meters: what log, metrics and readiness are made of.
///
/// Reports are values like actions, so that tests compare them and a simulation checks them; nothing is decided by them.
package enum Report: Sendable {
    // The group.

    /// Partitions were gained, given back in order, or lost.
    case assigned([ReadPartition])
    case revoked([ReadPartition])
    case lost([ReadPartition])
    /// A revocation was let go although a creating call or a transaction of its partitions was under way.
    case letGoInTheMiddle([ReadPartition])
    /// A partition is ready: its records are read from there on.
    case ready(ReadyPartition)
    /// A partition can't be got ready, and is tried again.
    case notReady(ReadPartition, PortFailure)
    /// A position is out of range: events were deleted before they were accepted.
    case offsetOutOfRange(ReadPartition, Offset)
    /// An error of the consumer that belongs to no order.
    case consumerFailed(PortFailure)
    /// Events of a topic have said what only workers and operators may say: it means nothing.
    case authorityClaimed(topic: String, count: Int, isFirst: Bool)
    /// Commands were deleted that some partitions had not come to.
    case commandsLost(LostCommands)
    /// How many records of each partition are not accepted yet.
    case lag([ReadPartition: Int64])
    /// The partitions have changed whose reading stands still though there is something to read.
    case standing([StandingPartition])
    /// Reading was paused because as much as allowed is accepted and unfinished, or goes on.
    case intakePaused(Bool)
    /// Records of an event topic that were read wait for room, or go on.
    case held(IntakeHold, isHeld: Bool)

    // The journal.

    /// A transaction has ended.
    case transaction(TransactionReport)
    /// The producer is of no use any more: everything is read again from the journal.
    case startedOver(PortFailure)
    /// A journal partition that goes on holds records that can't be used.
    case journalFindings(Partition, JournalFindings)
    /// A journal record that could not be read has been healed: its partition begins anew.
    case renewing(ReadPartition)
    /// How much the journals of our partitions hold that can't be used has changed.
    case unusable(UnusableRecords)
    /// A broker refuses a dead letter in every form: the event is passed over, and stands only where it came from.
    case letterRefused(Origin, DeadLetterReason, PortFailure)
    /// A topic takes no record of a few kilobytes.
    case topicTakesNothing(failures: Int)

    // Rollouts.

    /// A rollout has come into another phase.
    case phase(RolloutState)
    /// What a rollout's calls of unknown outcome made after all.
    case orphans(RolloutState)
    /// The event of a rollout that failed has come again, for the first time: nothing comes of that.
    case failedBefore(RolloutState)
    /// A clean-up leaves something undone, which nobody tries again.
    case cleanupGivenUp(RolloutState, SweepCall?, Cause)
    /// Rollouts that have not ended, by phase.
    case unfinished(PhaseCounts)
    /// The first call, or the first creating call, was made for an event.
    case firstCall(isCreating: Bool, afterMilliseconds: Int64)

    // The workbench.

    /// Something stands still though every part of the workbench answers, or goes on again (`nil`).
    case standstill(Standstill, String?)
    /// A component went down, or came back (`nil`).
    case outage(Component, Cause?)
    /// The workbench, or somebody before it, drops the markers of what is made, or keeps them again.
    case markers(CreatingStep, areKept: Bool)
    /// A request has ended.
    case request(RequestReport)

    /// What readiness is told from has changed.
    case conditions([Condition])
}

/// A partition that is ready.
package struct ReadyPartition: Sendable, Equatable {
    /// The partition.
    package var partition: ReadPartition
    /// The next offset to accept.
    package var position: Offset
    /// Records that its journal holds; `nil` for a partition of an event topic.
    package var journalRecords: Int?
    /// Rollouts that go on.
    package var unfinished: Int
    /// Time since its assignment, or since everything was begun from the journal again.
    package var took: Span
}

/// What the journals of our partitions hold that can't be used.
package struct UnusableRecords: Sendable, Equatable {
    /// Keys of others, which are ignored.
    package var foreignKeys = 0
    /// Records of ours that can't be read.
    package var unreadable = 0
    /// Lanes that wait for them.
    package var parkedLanes = 0
    /// Partitions that wait for them.
    package var parkedPartitions = 0

    /// Counts what was found.
    package init(_ findings: [JournalFindings] = []) {
        for findings in findings {
            self.foreignKeys += findings.foreign.count
            self.unreadable += findings.defects.count
            if findings.parksPartition == nil {
                self.parkedLanes += findings.parkedLanes.count
            } else {
                self.parkedPartitions += 1
            }
        }
    }
}

/// How one transaction ended.
package struct TransactionReport: Sendable {
    /// What became of it.
    package enum Outcome: Sendable {
        case committed(CommittedTransaction)
        /// Refused because the group has moved on.
        case fenced(PortFailure)
        case aborted(PortFailure, failures: Int)
        /// Brokers refused records for what they are.
        case blamed(Int, PortFailure?)
        case unknown(PortFailure)
        case fatal(PortFailure)
    }

    /// What became of it.
    package var outcome: Outcome
    /// How long it took.
    package var took: Span
}

/// How one request ended.
package struct RequestReport: Sendable, Equatable {
    /// The operation, such as `CreateModelBuild`; from a closed list.
    package var operation: String
    /// The HTTP status, or the kind of failure where there was none; from closed lists.
    package var status: String
    /// How long it took.
    package var took: Span
}

/// One condition of being ready.
package struct Condition: Sendable, Equatable {
    /// What a condition is about.
    package enum Name: String, Sendable, CaseIterable {
        case partitions, membership, consumer, reading, journal, commands, lanes, intake, quota
        case calls, workbench, experiments, models, registry, modelService

        /// Whether nothing is said of it before it has been unmet once.
        var isToldWhereUnmet: Bool {
            switch self {
            case .consumer, .reading, .commands, .lanes, .quota, .calls, .experiments, .models, .registry,
                .modelService:
                true
            case .partitions, .membership, .journal, .intake, .workbench: false
            }
        }

        /// Whether the worker is not ready while it is unmet.
        ///
        /// A topic that has used up what it may is the limit at work: nobody is to take the worker for broken by it.
        package var isNeededToBeReady: Bool { self != .quota }
    }

    /// What it is about.
    package var name: Name
    /// Why it is not met; `nil` when it is.
    package var cause: String?
}

/// Commands that their topic keeps no longer though some partitions had not come to them.
///
/// Each partition does only its own: what others have done among them is not lost.
package struct LostCommands: Sendable, Equatable {
    /// The offsets, the end not included.
    package let offsets: Range<Offset>
    /// The inbox partitions that had not come to them.
    package let partitions: [Partition]

    /// How many offsets: at the most so many commands are lost.
    package var count: Int64 { self.offsets.upperBound.rawValue - self.offsets.lowerBound.rawValue }
}

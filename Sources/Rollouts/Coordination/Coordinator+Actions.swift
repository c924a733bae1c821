// SPDX-License-Identifier: Apache-2.0

package import Values

extension Coordinator {
    /// Something to be done by the coordinator's owner.
    package enum Action: Sendable, Equatable {
        /// Make a call and say how it went.
        case call(PlannedCall)
        /// Write a journal record, in the order given, and say when it is committed.
        case record(Record)
        /// Pass a rollout on to the partition that owns its model, and say when that is committed.
        case move(Move)
        /// Write tombstones for ended rollouts that are older than the horizon, and say when they are committed.
        case forget(Forgetting)
        /// Tell operators that a component went down or came back (`nil`).
        case outage(Component, Cause?)
        /// Tell operators that the workbench drops the markers of what is made, or keeps them again.
        case markers(CreatingStep, areKept: Bool)
        /// Tell operators that a sweep leaves something undone, which nobody tries again.
        case sweepGivenUp(RolloutState, SweepCall?, Cause)
    }

    /// A call to be made.
    package struct PlannedCall: Sendable, Equatable {
        /// To be named when it has ended.
        package let id: CallID
        /// What is asked for.
        package let call: APICall
        /// The journal partition of the rollout that it is made for; `nil` for a probe.
        package let partition: Partition?
        /// The rollout that it is made for; `nil` for a probe.
        package let rollout: RolloutID?
        /// The last moment at which its request may be sent; `nil` for a call that changes nothing.
        package let startBefore: MonotonicTime?

        /// A call that changes nothing.
        init(_ id: CallID, reading call: APICall, partition: Partition?, rollout: RolloutID?) {
            precondition(call.subject == nil, "a changing call without a committed intent")
            self.id = id
            self.call = call
            self.partition = partition
            self.rollout = rollout
            self.startBefore = nil
        }

        /// A creating call, or a change by a clean-up, which needs its intent committed (rules 5 and 21).
        init(_ id: CallID, changing call: APICall, for rollout: RolloutID, _ intent: CommittedIntent, validity: Span) {
            precondition(call.subject == intent.subject, "an intent of another call")
            self.id = id
            self.call = call
            self.partition = intent.lease.partition
            self.rollout = rollout
            self.startBefore = intent.began + validity
        }
    }

    /// A rollout that goes on in another partition.
    package struct Move: Sendable, Equatable {
        /// To be named in `recorded`.
        package var ticket: Ticket
        /// Its state; `partition` is the one that it leaves.
        package var rollout: RolloutState
        /// The partition that owns its model.
        package var to: Partition
    }

    /// One journal record and what goes with it in the same transaction.
    package struct Record: Sendable, Equatable {
        /// To be named in `recorded`.
        package var ticket: Ticket
        /// Journal partition.
        package var partition: Partition
        /// The rollout's state.
        package var rollout: RolloutState
        /// Whether a status event goes with it.
        package var publishes: Bool
        /// The lane's state, where it changes.
        package var lane: LaneState?
        /// Whether a report of orphans goes with it.
        package var reportsOrphans = false
    }

    /// Ended rollouts of one partition that are to be forgotten.
    package struct Forgetting: Sendable, Equatable {
        /// To be named in `recorded`.
        package var ticket: Ticket
        /// Journal partition.
        package var partition: Partition
        /// The rollouts.
        package var ids: [RolloutID]
    }
}

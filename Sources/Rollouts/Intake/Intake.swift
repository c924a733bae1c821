// SPDX-License-Identifier: Apache-2.0

package import Values

/// Says what each record means by itself: decoded, routed, and whose it is.
///
/// Pure, and without memory: the consumer's adapter calls it where the records are, off the machine's loop. It makes no call of
/// the workbench, because accepting an event needs none.
package struct Intake: Sendable {
    /// What intake depends on.
    package struct Settings: Sendable {
        /// The rules.
        package var routes: Routes
        /// The project of events that name none; `nil` for none.
        package var defaultProjectID: String?
        /// Names the workbench in identities.
        package var workbench: String
        /// The largest event, in bytes.
        package var maximumEventBytes: Int
        /// Partitions of inbox and journal.
        package var inboxPartitions: Int
        /// How long ended rollouts are known; `nil` for ever.
        package var horizon: Duration?

        /// Creates settings.
        package init(
            routes: Routes,
            defaultProjectID: String?,
            workbench: String,
            maximumEventBytes: Int = 256 << 10,
            inboxPartitions: Int,
            horizon: Duration? = nil
        ) {
            self.routes = routes
            self.defaultProjectID = defaultProjectID
            self.workbench = workbench
            self.maximumEventBytes = maximumEventBytes
            self.inboxPartitions = inboxPartitions
            self.horizon = horizon
        }
    }

    private let settings: Settings

    /// Creates an intake.
    package init(_ settings: Settings) { self.settings = settings }

    /// Says what a record means.
    ///
    /// - Parameters:
    ///   - record: The record.
    ///   - partition: Where it was read; what only workers write counts in the inbox alone.
    ///   - now: The time.
    /// - Returns: The record and what it means.
    package func entry(_ record: ConsumedRecord, from partition: ReadPartition, now: Timestamp) -> IntakeEntry {
        let next = record.next
        if let lost = record.lost {
            return IntakeEntry(.dead(DeadLetterReason(lost)), OriginalRecord(record), next: next)
        }
        guard partition.isInbox else {
            let event = OriginalRecord(record)
            let (decision, claims) = self.decide(event, now)
            var entry = IntakeEntry(decision, event, next: next)
            entry.claimsAuthority = claims || AuthorityClaim.isMade(by: record.headers)
            return entry
        }
        switch InboxRecord(record) {
        case .moved(var state):
            state.partition = partition.partition
            return IntakeEntry(.moved(state), OriginalRecord(record), next: next)
        case .room(let notice): return IntakeEntry(.room(notice), OriginalRecord(record), next: next)
        case .barrier: return IntakeEntry(.barrier, OriginalRecord(record), next: next)
        case .event(let event):
            return IntakeEntry(self.decide(event, now).decision, event, next: next)
        case .unreadable(let problem):
            return IntakeEntry(
                .dead(DeadLetterReason(.foreignInboxRecord, problem)),
                OriginalRecord(record),
                next: next
            )
        }
    }

    /// What is taken of an event at most.
    var limits: EventLimits { EventLimits(maximumBytes: self.settings.maximumEventBytes) }

    /// How long ended rollouts are known; `nil` for ever.
    var horizon: Duration? { self.settings.horizon }

    /// Partitions of inbox and journal.
    var partitionCount: Int { self.settings.inboxPartitions }

    private func decide(
        _ record: OriginalRecord,
        _ now: Timestamp
    ) -> (decision: IntakeEntry.Decision, claimsAuthority: Bool) {
        switch EventDecoder.decode(record, limits: self.limits) {
        case .success(let event): (.rollout(self.state(of: event, now)), event.claimsAuthority)
        case .failure(let reason): (.dead(reason), false)
        }
    }

    /// The rollout of an event as it begins, or as it ends at once.
    ///
    /// - Parameters:
    ///   - event: The event, as it stood in its own topic; with an operator's wish to run it again, for a command.
    ///   - now: The time.
    /// - Returns: The rollout, whose `partition` is its owner.
    func state(of event: RunFinishedEvent, _ now: Timestamp) -> RolloutState {
        let decision = self.settings.routes.decide(event, defaultProjectID: self.settings.defaultProjectID)
        let id = RolloutID(of: event, workspace: self.settings.workbench)
        let plan = decision.knownPlan
        var state = RolloutState(
            id: id,
            partition: Ownership.owner(of: plan.certainModelName, id, count: self.settings.inboxPartitions),
            origin: event.origin,
            event: event.reference,
            plan: plan,
            replay: event.replay,
            traceparent: event.traceparent,
            acceptedAt: now
        )
        switch decision {
        case .plan: break
        case .skip(let cause, _): state.endAtIntake(.skipped, cause)
        case .fail(let cause, _): state.endAtIntake(.failed, cause)
        }
        return state
    }
}

/// Which partition of the inbox owns what.
package enum Ownership {
    /// The partition that owns a model, and with it its lane.
    package static func owner(of modelName: String, count: Int) -> Partition {
        Partitioning.ownerPartition(forKey: modelName.utf8, count: count)
    }

    /// The partition that owns a rollout: that of its model, or of its own id while the model is not certain.
    package static func owner(of modelName: String?, _ id: RolloutID, count: Int) -> Partition {
        guard let modelName else { return Partitioning.ownerPartition(forKey: id.description.utf8, count: count) }
        return self.owner(of: modelName, count: count)
    }
}

extension RouteDecision {
    /// The plan, or as much of it as is known.
    package var knownPlan: RolloutPlan {
        switch self {
        case .plan(let plan), .skip(_, let plan), .fail(_, let plan): plan
        }
    }
}

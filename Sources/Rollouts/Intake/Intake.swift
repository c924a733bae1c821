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

        /// Creates settings.
        package init(
            routes: Routes,
            defaultProjectID: String?,
            workbench: String,
            maximumEventBytes: Int = 256 << 10,
            inboxPartitions: Int
        ) {
            self.routes = routes
            self.defaultProjectID = defaultProjectID
            self.workbench = workbench
            self.maximumEventBytes = maximumEventBytes
            self.inboxPartitions = inboxPartitions
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
        let next = record.offset.next
        guard partition.isInbox else {
            let event = OriginalRecord(record)
            return IntakeEntry(self.decide(event, now), event, next: next)
        }
        switch InboxRecord(record) {
        case .moved(var state):
            state.partition = partition.partition
            return IntakeEntry(.moved(state), OriginalRecord(record), next: next)
        case .event(let event):
            return IntakeEntry(self.decide(event, now), event, next: next)
        case .unreadable(let problem):
            return IntakeEntry(
                .dead(DeadLetterReason(.foreignInboxRecord, problem)),
                OriginalRecord(record),
                next: next
            )
        }
    }

    private func decide(_ record: OriginalRecord, _ now: Timestamp) -> IntakeEntry.Decision {
        let limits = EventLimits(maximumBytes: self.settings.maximumEventBytes)
        let event: RunFinishedEvent
        switch EventDecoder.decode(record, limits: limits) {
        case .success(let decoded): event = decoded
        case .failure(let reason): return .dead(reason)
        }
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
        return .rollout(state)
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

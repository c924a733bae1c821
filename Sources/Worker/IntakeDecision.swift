// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Values

/// Decides what one record of the events topic means: no I/O, no memory.
struct IntakeDecision: Sendable {
    let settings: WorkerSettings
    let partitionCount: Int
    /// The largest record that the dead-letter topic takes.
    let maximumDeadBytes: Int

    /// Decides about a record that was read from `partition`.
    ///
    /// - Parameters:
    ///   - record: The record.
    ///   - partition: Its partition.
    ///   - now: Now.
    /// - Returns: What the driver is to do with it.
    func decide(_ record: ConsumedRecord, partition: Partition, now: Timestamp) -> Driver.Taken {
        let event: RunFinishedEvent
        switch EventDecoder.decode(record, limits: self.limits) {
        case .success(let decoded): event = decoded
        case .failure(let reason): return .other(.dead(record, reason, at: now, maximumBytes: self.maximumDeadBytes))
        }
        let decision = self.settings.routes.decide(event, defaultProjectID: self.settings.defaultProjectID)
        if let owner = self.owner(of: decision.knownPlan, event), owner != partition {
            let forwarded = Forwarding.record(record, to: TopicPartition(record.topic, owner))
            return .other(.forwarded(forwarded, of: record, at: now, maximumDeadBytes: self.maximumDeadBytes))
        }
        var state = self.state(decision.knownPlan, event, partition: partition, now: now)
        switch decision {
        case .plan: break
        case .skip(let cause, _): state.endAtIntake(.skipped, cause)
        case .fail(let cause, _): state.endAtIntake(.failed, cause)
        }
        return .rollout(state)
    }

    private var limits: EventLimits { EventLimits(maximumBytes: self.settings.maximumEventBytes) }

    /// The partition that owns the plan's model; `nil` where the event stays: without a model, or forwarded once already.
    private func owner(of plan: RolloutPlan, _ event: RunFinishedEvent) -> Partition? {
        guard !event.isForwarded, !plan.modelName.isEmpty else { return nil }
        return Partitioning.ownerPartition(forKey: plan.modelName.utf8, count: self.partitionCount)
    }

    private func state(
        _ plan: RolloutPlan,
        _ event: RunFinishedEvent,
        partition: Partition,
        now: Timestamp
    ) -> RolloutState {
        RolloutState(
            id: RolloutID(of: event, workspace: self.settings.workbench),
            partition: partition,
            origin: event.origin,
            event: event.reference,
            plan: plan,
            replay: event.replay,
            traceparent: event.traceparent,
            acceptedAt: now
        )
    }
}

extension RouteDecision {
    /// The plan, or as much of it as is known.
    var knownPlan: RolloutPlan {
        switch self {
        case .plan(let plan), .skip(_, let plan), .fail(_, let plan): plan
        }
    }
}

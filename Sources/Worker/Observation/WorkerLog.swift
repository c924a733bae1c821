// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Telemetry
import Values

/// Writes the worker's log: constant messages, and what they are about in named fields.
struct WorkerLog: WorkerObserver {
    let logger: Logger

    func note(_ reports: [Report]) {
        for report in reports { self.note(report) }
    }

    private func note(_ report: Report) {
        switch report {
        case .assigned(let partitions): self.logger.info("partitions assigned", Self.names(partitions))
        case .revoked(let partitions): self.logger.info("partitions revoked", Self.names(partitions))
        case .lost(let partitions): self.logger.warning("partitions lost", Self.names(partitions))
        case .letGoInTheMiddle(let partitions):
            self.logger.warning("partitions given up with a creating request in flight", Self.names(partitions))
        case .ready(let partition): self.ready(partition)
        case .notReady(let partition, let failure):
            self.logger.warning(
                partition.isInbox
                    ? "journal could not be read, trying again" : "position could not be looked up, trying again",
                ["partition": .describing(partition), "error": .string(failure.message)]
            )
        case .offsetOutOfRange(let partition, let offset):
            self.logger.error(
                "committed offset is out of range: events were deleted before they were accepted",
                ["partition": .describing(partition), "offset": .integer(offset.rawValue)]
            )
        case .commandsLost(let lost): self.commandsLost(lost)
        case .consumerFailed(let failure):
            self.logger.warning("consumer error", ["error": .string(failure.message)])
        case .standing(let partitions): self.standing(partitions)
        case .intakePaused(let isPaused): self.logger.info(isPaused ? "intake paused" : "intake resumed")
        case .held(let hold, let isHeld): self.held(hold, isHeld)
        case .transaction(let report): self.transaction(report)
        case .startedOver(let failure):
            self.logger.error(
                "producer unusable; reloading every partition from the journal",
                ["error": .string(failure.message)]
            )
        case .letterRefused(let origin, let reason, let failure): self.letterRefused(origin, reason, failure)
        case .topicTakesNothing(let failures):
            self.logger.error("a topic rejects even small records", ["failures": .integer(failures)])
        case .phase(let state): self.phase(state)
        case .failedBefore(let state): self.failedBefore(state)
        case .authorityClaimed(let topic, _, let isFirst): if isFirst { self.claimed(topic) }
        case .orphans(let state): self.orphans(state)
        case .cleanupGivenUp(let state, let call, let cause): self.givenUp(state, call, cause)
        case .outage(let component, let cause): self.outage(component, cause)
        case .standstill(let kind, let cause): self.standstill(kind, cause)
        case .markers(let step, let areKept): self.markers(step, areKept)
        case .journalFindings(let partition, let findings): self.findings(partition, findings)
        case .renewing(let partition):
            self.logger.notice(
                "an unreadable journal record has been healed, beginning the partition anew",
                ["partition": .describing(partition)]
            )
        case .lag, .unfinished, .firstCall, .request, .conditions, .unusable: break
        }
    }

    private func commandsLost(_ lost: LostCommands) {
        self.logger.error(
            "commands were deleted that some inbox partitions had not come to",
            [
                "from": .integer(lost.offsets.lowerBound.rawValue),
                "before": .integer(lost.offsets.upperBound.rawValue),
                "inboxPartitions": .string(lost.partitions.map(\.description).joined(separator: ",")),
                "nextStep": .string("replay again what is still wanted and has no answer; what was done is known"),
            ]
        )
    }

    private func held(_ hold: IntakeHold, _ isHeld: Bool) {
        let logger = self.logger.with(["topic": .string(hold.topic), "route": .string(hold.route)])
        guard isHeld else { return logger.info("events that waited for room go on") }
        logger.notice("events wait for room", ["cause": .string(hold.cause)])
    }

    private func failedBefore(_ state: RolloutState) {
        self.logger.notice(
            "the event of a rollout that failed has come again, and is not tried again",
            [
                "rolloutID": .describing(state.id), "model": .string(state.plan.modelName),
                "run": .string(state.plan.run.runID ?? ""), "event": .string(state.event.id),
                "nextStep": .string("send an event of another id, as slipway emit does, or slipway replay the run"),
            ]
        )
    }

    private static func names(_ partitions: [ReadPartition]) -> KeyValuePairs<String, LogValue> {
        ["partitions": .string(partitions.sorted().map(\.description).joined(separator: ","))]
    }

    private func letterRefused(_ origin: Origin, _ reason: DeadLetterReason, _ failure: PortFailure) {
        self.logger.error(
            "a broker refuses the dead letter of an event, which is passed over",
            [
                "topic": .string(origin.topic), "partition": .integer(origin.partition.rawValue),
                "offset": .integer(origin.offset.rawValue), "class": .string(reason.class.rawValue),
                "cause": .string(reason.message), "error": .string(failure.message),
                "nextStep": .string("read the event at its place; slipway topics check may say why it is refused"),
            ]
        )
    }

    private func ready(_ ready: ReadyPartition) {
        let logger = self.logger.with([
            "partition": .describing(ready.partition), "position": .integer(Int(ready.position.rawValue)),
            "milliseconds": .integer(Int(ready.took.milliseconds)),
        ])
        guard let records = ready.journalRecords else {
            logger.info("reading events")
            return
        }
        logger.info(
            "partition taken over",
            ["journalRecords": .integer(records), "unfinished": .integer(ready.unfinished)]
        )
    }

    private func findings(_ partition: Partition, _ findings: JournalFindings) {
        let logger = self.logger.with(["partition": .integer(partition.rawValue)])
        for defect in findings.defects.prefix(Self.mostDefects) {
            logger.error(
                "journal record can't be read, what it belongs to waits",
                ["key": .string(defect.keyText), "error": .describing(defect), "nextStep": .string(defect.nextStep)]
            )
        }
        if findings.defects.count > Self.mostDefects {
            logger.error("more journal records can't be read", ["records": .integer(findings.defects.count)])
        }
        guard !findings.foreign.isEmpty else { return }
        logger.warning(
            "journal has keys of somebody else, which are ignored",
            [
                "keys": .integer(findings.foreign.count),
                "first": .string(findings.foreign.prefix(5).map(\.keyText).joined(separator: ", ")),
            ]
        )
    }

    private func standing(_ partitions: [StandingPartition]) {
        guard !partitions.isEmpty else {
            self.logger.notice("reading of every partition gets on again")
            return
        }
        for standing in partitions {
            self.logger.warning(
                "a partition stands still though there is something to read",
                [
                    "partition": .describing(standing.partition), "offset": .integer(standing.position.rawValue),
                    "behind": .integer(standing.behind),
                ]
            )
        }
    }

    /// The most records of a partition that are named one by one.
    private static let mostDefects = 20

    private func transaction(_ report: TransactionReport) {
        switch report.outcome {
        case .committed(let transaction):
            for notice in DeadLetterNotice.notices(of: transaction.entries) { notice.write(to: self.logger) }
        case .fenced(let failure):
            self.logger.notice("transaction refused: the group has moved on", ["error": .string(failure.message)])
        case .aborted(let failure, let failures):
            self.logger.warning(
                "transaction aborted, trying again",
                ["error": .string(failure.message), "failures": .integer(failures)]
            )
        case .blamed(let count, let failure):
            self.logger.warning(
                "records refused",
                ["count": .integer(count), "error": .string(failure?.message ?? "")]
            )
        case .unknown, .fatal:
            // Told by what follows: everything is begun from the journal again.
            break
        }
    }

    private func phase(_ state: RolloutState) {
        // The fields are put together for nothing where all of it is below the level.
        guard state.phase == .failed || self.logger.isEnabled(state.phase.isTerminal ? .info : .debug) else { return }
        let logger = self.logger.with(Self.fields(of: state))
        switch state.phase {
        case .failed:
            logger.warning(
                "rollout failed",
                [
                    "class": .string(state.cause?.class.rawValue ?? ""), "cause": .string(state.cause?.message ?? ""),
                    "nextStep": .string(state.cause?.class.nextStep ?? ""),
                ]
            )
        case .deployed: logger.info("rollout deployed", ["deployment": .string(state.made.deploymentID ?? "")])
        case .skipped, .superseded:
            logger.info(
                "rollout ended",
                ["phase": .string(state.phase.rawValue), "class": .string(state.cause?.class.rawValue ?? "")]
            )
        case .accepted, .queued, .registering, .building, .deploying, .verifying, .waiting:
            logger.debug("rollout moved", ["phase": .string(state.phase.rawValue)])
        }
    }

    private func claimed(_ topic: String) {
        self.logger.warning(
            "an event says what only workers and operators may say: it means nothing, and the event is an ordinary one",
            ["topic": .string(topic), "nextStep": .string(Self.claimsNextStep)]
        )
    }

    private static let claimsNextStep =
        "find the producer that sends slipway_* header fields or slipway* attributes; who may replay writes commands (slipway "
        + "replay)"

    private static func fields(of state: RolloutState) -> KeyValuePairs<String, LogValue> {
        [
            "rolloutID": .describing(state.id), "partition": .integer(state.partition.rawValue),
            "model": .string(state.plan.modelName), "run": .string(state.run?.runID ?? state.plan.run.runID ?? ""),
        ]
    }

    private func orphans(_ state: RolloutState) {
        for orphan in state.aftermath?.orphans ?? [] {
            self.logger.warning(
                "orphan found: a create request with unknown outcome did take effect",
                [
                    "rolloutID": .describing(state.id), "partition": .integer(state.partition.rawValue),
                    "model": .string(state.plan.modelName), "kind": .string(orphan.kind.rawValue),
                    "id": .string(orphan.id), "outcome": .string(orphan.outcome.rawValue),
                ]
            )
        }
    }

    private func givenUp(_ state: RolloutState, _ call: SweepCall?, _ cause: Cause) {
        self.logger.warning(
            "orphan cleanup gave up; check for leftover objects",
            [
                "rolloutID": .describing(state.id), "partition": .integer(state.partition.rawValue),
                "model": .string(state.plan.modelName), "call": .string(call?.name ?? "none: its record is refused"),
                "class": .string(cause.class.rawValue), "cause": .string(cause.message),
                "nextStep": .string(
                    "look on the workbench for what carries '\(state.marker)', and delete what nobody uses"
                ),
            ]
        )
    }

    private func markers(_ step: CreatingStep, _ areKept: Bool) {
        let kind: KeyValuePairs<String, LogValue> = ["kind": .string(step.rawValue)]
        guard !areKept else {
            self.logger.notice("workbench keeps markers again", kind)
            return
        }
        self.logger.warning(
            "workbench drops markers: after a lost answer objects are found by version, time and user alone",
            [
                "kind": .string(step.rawValue),
                "nextStep": .string(
                    "Find out whether the workbench or a proxy before it cuts comments or drops tags, and let them through."
                ),
            ]
        )
    }

    private func standstill(_ kind: Standstill, _ cause: String?) {
        guard let cause else {
            self.logger.notice("calls go on", ["standstill": .string(kind.rawValue)])
            return
        }
        self.logger.warning(
            "calls stand still, work waits",
            [
                "standstill": .string(kind.rawValue), "cause": .string(cause),
                "nextStep": .string(kind.nextStep),
            ]
        )
    }

    private func outage(_ component: Component, _ cause: Cause?) {
        guard let cause else {
            self.logger.notice("workbench back", ["component": .string(component.rawValue)])
            return
        }
        self.logger.warning(
            "workbench down, work waits",
            [
                "component": .string(component.rawValue), "class": .string(cause.class.rawValue),
                "cause": .string(cause.message),
            ]
        )
    }
}

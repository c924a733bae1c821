// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Values
import WorkbenchAPI

// A turn in words, short enough that a test can say all of it.

extension Lease {
    /// `inbox-0#1`.
    var words: String { "\(self.subject)#\(self.epoch)" }
}

extension [Lease] {
    var words: String { self.map(\.words).joined(separator: " ") }
}

extension [ReadPartition] {
    var words: String { self.map(\.description).joined(separator: " ") }
}

extension Action {
    /// What is done, in words.
    var words: String {
        switch self {
        case .group(let order): order.words
        case .journal(let order): order.words
        case .commands(.read(_, let offset, _)): "commands from \(offset.rawValue)"
        case .workbench(.start(let requests)): "send \(requests.map(\.send.operation.id).joined(separator: " "))"
        case .workbench(.cancelUnstarted(let ids)): "cancel \(ids.map { "\($0.number)" }.joined(separator: " "))"
        case .workbench(.reloadKey): "reload key"
        case .end(let failure): failure.map { "end: \($0.kind.rawValue)" } ?? "end"
        }
    }
}

extension GroupOrder {
    fileprivate var words: String {
        switch self {
        case .locate(let lease, let time): "locate \(lease.words)" + (time == nil ? "" : " at a time")
        case .read(let lease, let offset, let isPaused):
            "read \(lease.words) from \(offset.rawValue)" + (isPaused ? ", paused" : "")
        case .pause(let leases): "pause \(leases.words)"
        case .resume(let leases): "resume \(leases.words)"
        case .letGo(let id): "let go \(id.number)"
        case .askEnds(let partitions): "ask ends \(partitions.words)"
        }
    }
}

extension JournalOrder {
    fileprivate var words: String {
        switch self {
        case .restore(let lease): "restore \(lease.words)"
        case .abandon(let lease): "abandon \(lease.words)"
        case .readTopicStarts: "read starts"
        case .commit(let transaction): "commit \(transaction.words)"
        case .rebuildProducer: "rebuild producer"
        }
    }
}

extension Transaction {
    /// `accepted a, step a version; inbox-0 at 0, events0-3 at 1`.
    var words: String {
        let offsets = self.offsets.sorted { $0.key.subject < $1.key.subject }
            .map { "\($0.key.subject) at \($0.value.rawValue)" }
        return self.entries.map(\.words).joined(separator: ", ") + "; " + offsets.joined(separator: ", ")
    }
}

extension TransactionEntry {
    /// `step a version`; a rollout is named by its model.
    var words: String {
        switch self.content {
        case .accepted(let state, _): "accepted \(state.plan.modelName)"
        case .movedIn(let state): "moved in \(state.plan.modelName)"
        case .movedOut(let move): "moved out \(move.rollout.plan.modelName) to \(move.to.rawValue)"
        case .dead(_, let reason, _, _): "dead \(reason.class.rawValue)"
        case .forwarded(let event, _): "forwarded to \(event.owner.rawValue)"
        case .start: "start"
        case .command(let outcome, let state, _, _):
            "command \(outcome.head.id) \(outcome.result.word)" + (state.map { " \($0.plan.modelName)" } ?? "")
        case .commandsForgotten(let names): "commands forgotten \(names.count)"
        case .commandsRead(let position): "commands read to \(position.next.rawValue)"
        case .room(let notice, let partitions):
            "room \(notice.topics.joined(separator: " "))|\(notice.routes.joined(separator: " ")) "
                + notice.parked.map { "parked \($0) " }.joined() + "to "
                + partitions.map { "\($0.rawValue)" }.joined(separator: " ")
        case .position: "position"
        case .repeated(let count): count == 1 ? "repeated" : "repeated \(count)"
        case .forgotten(let forgetting): "forgotten \(forgetting.ids.count)"
        case .step(let record):
            "step \(record.rollout.plan.modelName) \(record.rollout.intent?.rawValue ?? record.rollout.phase.rawValue)"
        }
    }
}

extension Report {
    /// What is told, in words.
    var words: String {
        switch self {
        case .assigned(let partitions): "assigned \(partitions.words)"
        case .revoked(let partitions): "revoked \(partitions.words)"
        case .lost(let partitions): "lost \(partitions.words)"
        case .letGoInTheMiddle(let partitions): "let go in the middle \(partitions.words)"
        case .ready(let ready): "ready \(ready.partition) from \(ready.position.rawValue), \(ready.unfinished) go on"
        case .notReady(let partition, let failure): "not ready \(partition): \(failure)"
        case .commandsLost(let lost):
            "commands \(lost.offsets.lowerBound) to \(lost.offsets.upperBound.rawValue - 1) lost for "
                + lost.partitions.map(\.description).joined(separator: ",")
        case .offsetOutOfRange(let partition, let offset): "out of range \(partition) at \(offset.rawValue)"
        case .consumerFailed(let failure): "consumer failed: \(failure)"
        case .lag(let lag):
            "lag \(lag.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " "))"
        case .authorityClaimed(let topic, let count, let isFirst):
            "\(count) claims on \(topic)" + (isFirst ? ", the first" : "")
        case .standing(let standing): "standing \(standing.map(\.partition.description).joined(separator: " "))"
        case .intakePaused(let isPaused): isPaused ? "intake paused" : "intake resumed"
        case .held(let hold, let isHeld):
            "\(hold.topic) \(isHeld ? "held" : "goes on")" + (hold.route.isEmpty ? "" : " for \(hold.route)")
        case .transaction(let report): "transaction \(report.outcome.words)"
        case .startedOver(let failure): "started over: \(failure)"
        case .journalFindings(let partition, let findings):
            "journal \(partition.rawValue) has \(findings.defects.count) unreadable, \(findings.foreign.count) foreign"
        case .renewing(let partition): "\(partition) begins anew"
        case .unusable(let unusable): "unusable \(unusable.unreadable), foreign \(unusable.foreignKeys)"
        case .letterRefused(let origin, _, _): "letter refused \(origin.topic) \(origin.offset.rawValue)"
        case .topicTakesNothing: "a topic takes nothing"
        case .phase(let state): "\(state.plan.modelName) \(state.phase.rawValue)"
        case .orphans(let state): "orphans of \(state.plan.modelName)"
        case .markers(let step, let areKept): "markers of \(step) \(areKept ? "kept" : "dropped")"
        case .failedBefore(let state): "failed before: \(state.plan.modelName)"
        case .cleanupGivenUp(let state, let call, _): "given up \(call?.name ?? "nothing") of \(state.plan.modelName)"
        case .unfinished: "unfinished"
        case .firstCall(let isCreating, _): isCreating ? "first creating call" : "first call"
        case .standstill(let kind, let cause): "\(kind.rawValue) " + (cause == nil ? "go on" : "stand still")
        case .outage(let component, let cause): "\(component.rawValue) " + (cause == nil ? "is back" : "is down")
        case .request(let report): "\(report.operation) \(report.status)"
        case .conditions(let conditions): conditions.map(\.words).joined(separator: "; ")
        }
    }
}

extension TransactionReport.Outcome {
    fileprivate var words: String {
        switch self {
        case .committed(let transaction): "committed \(transaction.entries.count)"
        case .fenced: "fenced"
        case .aborted(_, let failures): "aborted \(failures)"
        case .blamed(let count, _): "blamed \(count)"
        case .unknown: "unknown"
        case .fatal: "fatal"
        }
    }
}

extension Condition {
    fileprivate var words: String { self.cause.map { "\(self.name.rawValue): \($0)" } ?? "\(self.name.rawValue) met" }
}

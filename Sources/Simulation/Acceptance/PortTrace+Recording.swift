// SPDX-License-Identifier: Apache-2.0

import HTTPValues
package import Machine
import Rollouts
import Values

extension PortTrace.Event {
    /// An order, as a trace keeps it; `nil` for one that no port answers to.
    package init?(_ action: Action) {
        switch action {
        case .group(let order): self.init(order)
        case .journal(let order): self.init(order)
        case .workbench(.start(let requests)):
            let limited = requests.filter { $0.startBefore != nil }
            self = .start(requests.map(\.id.number), limited: limited.map(\.id.number))
        case .workbench(.cancelUnstarted(let ids)): self = .cancel(ids.map(\.number))
        case .commands, .workbench(.reloadKey), .end: return nil
        }
    }

    private init(_ order: GroupOrder) {
        switch order {
        case .locate(let lease, _): self = .locate(PortTrace.Lease(lease))
        case .read(let lease, let offset, let isPaused):
            self = .read(PortTrace.Lease(lease), from: offset.rawValue, isPaused: isPaused)
        case .pause(let leases): self = .pause(leases.map(PortTrace.Lease.init))
        case .resume(let leases): self = .resume(leases.map(PortTrace.Lease.init))
        case .letGo(let id): self = .letGo(id.number)
        case .askEnds: self = .askEnds
        }
    }

    private init(_ order: JournalOrder) {
        switch order {
        case .restore(let lease): self = .restore(PortTrace.Lease(lease))
        case .abandon(let lease): self = .abandon(PortTrace.Lease(lease))
        case .readTopicStarts: self = .readTopicStarts
        case .commit(let transaction): self = .commit(transaction.id.number, PortTrace.Writes(transaction))
        case .rebuildProducer: self = .rebuildProducer
        }
    }

    /// An answer, as a trace keeps it; `nil` for what no port has told.
    package init?(_ input: Input) {
        switch input {
        case .group(let fact): self.init(fact)
        case .journal(let fact): self.init(fact)
        case .workbench(let answers):
            let unsent = answers.filter {
                if case .failure(let failure) = $0.outcome { failure.kind == .notStarted } else { false }
            }
            self = .answered(answers.map(\.id.number), notStarted: unsent.map(\.id.number))
        case .commands, .woke, .stop: return nil
        }
    }

    private init(_ fact: GroupFact) {
        switch fact {
        case .assigned(let partitions, let membership):
            self = .assigned(partitions.map(\.description), PortTrace.Membership(membership))
        case .membershipChanged(let membership): self = .membershipChanged(PortTrace.Membership(membership))
        case .revoking(let partitions, let id): self = .revoking(partitions.map(\.description), id.number)
        case .lost(let partitions): self = .lost(partitions.map(\.description))
        case .records(let lease, let entries): self = .records(PortTrace.Lease(lease), entries.map(\.next.rawValue))
        case .located(let lease, .success(let location)):
            self = .located(PortTrace.Lease(lease), committed: location.committed?.rawValue)
        case .located(let lease, .failure): self = .locatingFailed(PortTrace.Lease(lease))
        case .offsetOutOfRange(let partition, let offset):
            self = .offsetOutOfRange(partition.description, offset.rawValue)
        case .ends: self = .ends
        case .failed(let failure): self = .groupFailed(failure.message)
        }
    }

    private init(_ fact: JournalFact) {
        switch fact {
        case .restored(let lease, .success(let facts)):
            self = .restored(PortTrace.Lease(lease), PortTrace.Snapshot(facts))
        case .restored(let lease, .failure(let failure)):
            self = .restoreFailed(PortTrace.Lease(lease), failure.message)
        case .heldBack(let lease, _): self = .heldBack(PortTrace.Lease(lease))
        case .topicStarts: self = .topicStarts
        case .commitEnded(let id, let outcome): self = .ended(id.number, PortTrace.Outcome(outcome))
        case .producerReady: self = .producerReady
        case .producerFailed(let failure): self = .producerFailed(failure.message)
        }
    }
}

extension PortTrace.Lease {
    init(_ lease: Lease) { self.init(partition: lease.subject.description, epoch: lease.epoch) }
}

extension PortTrace.Membership {
    init(_ membership: GroupMembership) {
        self.init(generation: membership.generation, member: membership.memberID)
    }
}

extension PortTrace.Outcome {
    init(_ outcome: CommitOutcome) {
        switch outcome {
        case .committed: self = .committed
        case .oversized: self = .oversized
        case .refused: self = .refused
        case .membershipLost: self = .membershipLost
        case .aborted: self = .aborted
        case .unknown: self = .unknown
        case .fatal: self = .fatal
        }
    }
}

extension PortTrace.Snapshot {
    init(_ facts: RestoreFacts) {
        let standing = facts.restored.unfinished.map { ($0.id.description, $0.standing) }
        self.init(
            rollouts: Dictionary(standing) { _, newest in newest },
            committed: facts.location.committed?.rawValue
        )
    }
}

extension PortTrace.Writes {
    init(_ transaction: Transaction) {
        var offsets: [String: Int64] = [:]
        for (lease, offset) in transaction.offsets { offsets[lease.subject.description] = offset.rawValue }
        self.init(membership: PortTrace.Membership(transaction.membership), offsets: offsets, rollouts: [:])
        for entry in transaction.entries {
            guard let partition = entry.writer?.subject.description else { continue }
            switch entry.content {
            case .accepted(let state, _), .movedIn(let state), .command(_, let state?, _, _):
                self.rollouts[partition, default: [:]][state.id.description] = state.standing
            case .step(let record):
                self.rollouts[partition, default: [:]][record.rollout.id.description] = record.rollout.standing
            case .movedOut(let move): self.rollouts[partition, default: [:]][move.rollout.id.description] = ""
            case .forgotten(let forgetting):
                for id in forgetting.ids { self.rollouts[partition, default: [:]][id.description] = "" }
            case .dead, .forwarded, .start, .command, .commandsRead, .commandsForgotten, .room, .position, .repeated:
                break
            }
        }
    }
}

extension RolloutState {
    /// Where the rollout stands, as far as a trace tells it; nothing once it has ended.
    fileprivate var standing: String {
        self.phase.isTerminal ? "" : "\(self.sequence) \(self.phase.rawValue) \(self.step.rawValue)"
    }
}

// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Machine
import Rollouts

/// Which pairs of a state and an input were ever taken.
package struct Coverage: Sendable {
    /// A kind of state, or of input, by the word that the table shows.
    private(set) var counts: [String: [String: Int]] = [:]
    var isOn = false

    /// Creates a table of nothing.
    package init() {}

    mutating func note(_ inputs: [Input], _ machine: borrowing WorkerMachine) {
        let planner = Self.word(machine.planner.state)
        for input in inputs {
            switch input {
            case .group(let fact): self.note(fact, machine)
            case .journal(let fact):
                switch fact {
                case .restored(let lease, let result):
                    self.add(
                        Self.word(machine.ownership.partitions[lease.subject]),
                        result.isSuccess ? "restored" : "not restored"
                    )
                case .heldBack(let lease, _):
                    self.add(Self.word(machine.ownership.partitions[lease.subject]), "held back")
                case .topicStarts: self.add("planner \(planner)", "topic starts")
                case .commitEnded(_, let outcome): self.add("planner \(planner)", "commit \(Self.word(outcome))")
                case .producerReady: self.add("planner \(planner)", "producer ready")
                case .producerFailed: self.add("planner \(planner)", "producer failed")
                }
            case .commands(_, let result):
                self.add("planner \(planner)", result.isSuccess ? "commands" : "no commands")
            case .workbench(let answers):
                for answer in answers { self.add("planner \(planner)", Self.word(answer.outcome)) }
            case .woke: self.add("planner \(planner)", "woke")
            case .stop: self.add("planner \(planner)", "stop")
            }
        }
    }

    private mutating func note(_ fact: GroupFact, _ machine: borrowing WorkerMachine) {
        let word: String
        let partitions: [ReadPartition]
        switch fact {
        case .assigned(let assigned, _): (word, partitions) = ("assigned", assigned)
        case .revoking(let revoked, _): (word, partitions) = ("revoking", revoked)
        case .lost(let lost): (word, partitions) = ("lost", lost)
        case .records(let lease, _): (word, partitions) = ("records", [lease.subject])
        case .located(let lease, let result):
            (word, partitions) = (result.isSuccess ? "located" : "not located", [lease.subject])
        case .offsetOutOfRange(let partition, _): (word, partitions) = ("out of range", [partition])
        case .membershipChanged: (word, partitions) = ("membership", [])
        case .ends: (word, partitions) = ("ends", [])
        case .failed: (word, partitions) = ("failed", [])
        }
        if partitions.isEmpty { self.add("planner \(Self.word(machine.planner.state))", word) }
        for partition in partitions { self.add(Self.word(machine.ownership.partitions[partition]), word) }
    }

    private mutating func add(_ state: String, _ input: String) {
        self.counts[state, default: [:]][input, default: 0] += 1
    }

    /// Adds what another world has taken.
    package mutating func add(_ other: Coverage) {
        for (state, inputs) in other.counts {
            for (input, count) in inputs { self.counts[state, default: [:]][input, default: 0] += count }
        }
    }

    /// One line a pair, sorted.
    package var lines: [String] {
        self.counts.sorted { $0.key < $1.key }.flatMap { state, inputs in
            inputs.sorted { $0.key < $1.key }.map { input, count in "\(state)\t\(input)\t\(count)" }
        }
    }

    private static func word(_ state: PartitionState?) -> String {
        switch state {
        case nil: "partition unassigned"
        case .preparing(_, .restoring)?: "partition restoring"
        case .preparing(_, .rereading)?: "partition rereading"
        case .preparing(_, .locating)?: "partition locating"
        case .preparing(_, .awaitingFirstStart)?: "partition awaiting first start"
        case .preparing(_, .locatingStart)?: "partition locating start"
        case .preparing(_, .waiting)?: "partition waiting to retry"
        case .held?: "partition held"
        case .revoking?: "partition revoking"
        case .discarded?: "partition discarded"
        }
    }

    private static func word(_ state: TransactionPlanner.State) -> String {
        switch state {
        case .idle: "idle"
        case .committing: "committing"
        case .waitingForMembership: "waiting for membership"
        case .waitingToRetry: "waiting to retry"
        case .producerLost: "producer lost"
        case .rebuilding: "rebuilding"
        }
    }

    private static func word(_ outcome: WorkbenchAnswer.Outcome) -> String {
        switch outcome {
        case .response(let response): "answer \(response.status)"
        case .failure(let failure): "answer \(failure.kind.rawValue)"
        case .keyMissing: "answer without key"
        }
    }

    private static func word(_ outcome: CommitOutcome) -> String {
        switch outcome {
        case .committed: "committed"
        case .oversized: "oversized"
        case .refused: "refused"
        case .membershipLost: "membership lost"
        case .aborted: "aborted"
        case .unknown: "unknown"
        case .fatal: "fatal"
        }
    }
}

extension Result {
    fileprivate var isSuccess: Bool { if case .success = self { true } else { false } }
}

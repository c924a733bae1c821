// SPDX-License-Identifier: Apache-2.0

package import SandboxPrograms

/// The judgement of a drill: pure, made of what was seen on Kafka, at the workers and at the workbench.
package struct DrillLedger: Sendable, Equatable {
    /// What can be wrong; each column holds one line for each time that it is.
    package enum Column: String, Sendable, CaseIterable {
        /// Events of which nothing has become.
        case lost
        /// Versions, models, builds and deployments that were made once too often, without a reason outside the worker.
        case duplicatedVersions, duplicatedModels, duplicatedBuilds, duplicatedDeployments
        /// Deployments of a run after one of a newer run of the same model.
        case reordered
        /// Models whose newest run is not the one deployed last.
        case staleOverNew
        /// Journal records of an older generation behind a newer one, or of two writers in one generation.
        case staleWrites
        /// Rollouts without a last status.
        case unended
        /// Rollouts with more than one last status.
        case endedTwice
        /// Rollouts that failed although everything that went wrong passed.
        case failed
        /// Rollouts that nobody has asked for.
        case unasked
        /// Dead letters of events that can be understood, or more than one of one event.
        case wronglyDead
        /// Objects that no rollout knows, without a freeze or a late call that explains them.
        case unexplainedOrphans
        /// Explained orphans of which no worker has told on the status topic.
        case untoldOrphans
        /// Times without any progress that no readiness gave a reason for.
        case unnamedStalls
        /// Workers that ended by themselves, or did not stop when asked.
        case unexpectedEnds
    }

    /// An object that no rollout knows, with what explains it.
    package struct Orphan: Sendable, Equatable {
        /// What it is.
        package let object: String
        /// What explains it.
        package let explanation: String
    }

    /// The longest time without progress.
    package struct Stall: Sendable, Equatable {
        /// How long.
        package let length: Duration
        /// What some worker's readiness said meanwhile; `nil` if every one said that it is ready.
        package let cause: String?
    }

    /// What is wrong.
    package internal(set) var wrong: [Column: [String]] = [:]
    /// Objects that no rollout knows and that are explained: the window that remains.
    package internal(set) var orphans: [Orphan] = []
    /// From each kill and freeze to the next step in each partition concerned, ascending.
    package internal(set) var recoveries: [Duration] = []
    /// The longest time without progress while there was work; `nil` if there never was any.
    package internal(set) var longestStall: Stall?
    /// What happened: events, rollouts, outcomes, injected faults, calls.
    package internal(set) var counts = Counts()

    /// What happened.
    package struct Counts: Sendable, Equatable {
        /// Records of the events topic.
        package var events = 0
        /// Rollouts seen.
        package var rollouts = 0
        /// Rollouts by outcome.
        package var outcomes: [EventOutcome: Int] = [:]
        /// Dead letters.
        package var deadLetters = 0
        /// Events that were forwarded to their owner's partition of the inbox.
        package var forwarded = 0
        /// Rollouts that moved to their owner's partition.
        package var moved = 0
        /// Objects made.
        package var objects = 0
        /// Workers killed with SIGKILL.
        package var kills = 0
        /// Workers frozen and thawed.
        package var freezes = 0
        /// Workers added and removed.
        package var changes = 0
        /// Generations of the group that wrote to the journal, less the first.
        package var rebalances = 0
        /// Brokers killed and started again.
        package var brokerRestarts = 0
        /// Partitions that the events topic has gained, and records of others in the journal.
        package var operatorDeeds = 0
        /// Calls that went wrong on purpose.
        package var faultedCalls = 0
        /// Journal records.
        package var journalRecords = 0
    }

    /// Whether nothing is wrong.
    package var isClean: Bool { self.wrong.values.allSatisfy(\.isEmpty) }

    /// How often a column was wrong.
    package func count(_ column: Column) -> Int { self.wrong[column]?.count ?? 0 }

    /// The duration that so many of a hundred recoveries took at most; `nil` without any.
    package func recovery(percentile: Int) -> Duration? {
        guard !self.recoveries.isEmpty else { return nil }
        let rank = (self.recoveries.count * percentile + 99) / 100
        return self.recoveries[min(max(rank, 1), self.recoveries.count) - 1]
    }

    mutating func note(_ column: Column, _ line: String) { self.wrong[column, default: []].append(line) }

    /// Judges.
    init(_ seen: Observations) {
        self.counts = Counts(seen)
        self.judgeRollouts(seen)
        self.judgeDeadLetters(seen)
        self.judgeObjects(seen)
        self.judgeJournal(seen)
        self.measureRecoveries(seen)
        self.measureStalls(seen)
        for end in seen.unexpectedEnds { self.note(.unexpectedEnds, end) }
    }

    // MARK: Rollouts and dead letters

    private mutating func judgeRollouts(_ seen: Observations) {
        var rollouts: [DrillPlan.ExpectedRollout: [RolloutLedger.Entry]] = [:]
        for entry in seen.rollouts.entries {
            let expected = DrillPlan.ExpectedRollout(entry)
            rollouts[expected, default: []].append(entry)
            if !seen.expectedRollouts.contains(expected) {
                self.note(.unasked, "rollout \(entry.id) of \(expected.text)")
            }
            if entry.lastStatusCount == 0 { self.note(.unended, "rollout \(entry.id) of \(expected.text)") }
            if entry.lastStatusCount > 1 {
                let words = entry.outcomes.map(\.rawValue).joined(separator: ", ")
                self.note(.endedTwice, "rollout \(entry.id): \(entry.lastStatusCount) last statuses (\(words))")
            }
            if entry.outcomes.contains(.failed) || entry.outcomes.contains(.skipped) && !entry.isDuplicate {
                self.note(.failed, "rollout \(entry.id) of \(expected.text): \(entry.cause ?? "no cause")")
            }
        }
        for expected in seen.expectedRollouts.sorted(by: { $0.text < $1.text }) where rollouts[expected] == nil {
            self.note(.lost, "the event for \(expected.text) has become nothing")
        }
        for (expected, entries) in rollouts { self.judgeTries(entries, of: expected) }
    }

    /// Of several events about one run one is served; the others are duplicates of it, or older than what is live by then.
    private mutating func judgeTries(_ entries: [RolloutLedger.Entry], of expected: DrillPlan.ExpectedRollout) {
        let deployed = entries.count { $0.outcomes.contains(.deployed) }
        if deployed > 1 { self.note(.unasked, "\(deployed) rollouts of \(expected.text) are deployed") }
        if entries.allSatisfy(\.isDuplicate) {
            self.note(.lost, "every event for \(expected.text) is a duplicate of another")
        }
    }

    private mutating func judgeDeadLetters(_ seen: Observations) {
        var missing = seen.unreadable
        for letter in seen.deadLetters {
            guard let place = letter, seen.unreadable.contains(place) else {
                self.note(.wronglyDead, letter.map { "the event at \($0.text)" } ?? "a dead letter without an origin")
                continue
            }
            if missing.remove(place) == nil { self.note(.wronglyDead, "the event at \(place.text), once more") }
        }
        for place in missing.sorted(by: { ($0.partition, $0.offset) < ($1.partition, $1.offset) }) {
            self.note(.lost, "the unreadable event at \(place.text) has no dead letter")
        }
    }
}

extension DrillLedger.Counts {
    fileprivate init(_ seen: Observations) {
        self.events = seen.events
        self.rollouts = seen.rollouts.entries.count
        for entry in seen.rollouts.entries {
            guard let outcome = entry.outcomes.last else { continue }
            self.outcomes[outcome, default: 0] += 1
        }
        self.deadLetters = seen.deadLetters.count
        self.forwarded = seen.forwarded
        self.moved = seen.moved
        self.objects = seen.audit.makings.count
        self.kills = seen.injectedFaults.count { $0.kind == .kill }
        self.freezes = seen.injectedFaults.count { $0.kind == .freeze }
        self.changes = seen.injectedFaults.count { $0.kind == .added || $0.kind == .removed }
        self.rebalances = max(0, Set(seen.journal.map(\.generation)).count - 1)
        self.brokerRestarts = seen.injectedFaults.count { $0.kind == .broker }
        self.operatorDeeds = seen.injectedFaults.count { $0.kind == .grown || $0.kind == .stray }
        self.faultedCalls = seen.faultedCalls.values.reduce(0, +)
        self.journalRecords = seen.journal.count
    }
}

extension DrillPlan.ExpectedRollout {
    /// The rollout in words.
    var text: String { "\(self.model) \(self.runID)" + (self.replayID.map { " (\($0))" } ?? "") }
}

extension Observations.Place {
    /// The place in words.
    var text: String { "partition \(self.partition), offset \(self.offset)" }
}

extension RolloutLedger.Entry {
    /// Whether it ended because another rollout of its run is under way or live.
    fileprivate var isDuplicate: Bool {
        self.outcomes == [.skipped] && self.cause?.hasPrefix("duplicate: ") == true
    }
}

extension DrillPlan.ExpectedRollout {
    /// What a rollout was asked to be.
    init(_ entry: RolloutLedger.Entry) {
        self.init(runID: entry.runID, model: entry.modelName, replayID: entry.replayID)
    }
}

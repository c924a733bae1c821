// SPDX-License-Identifier: Apache-2.0

import JSON
import Values

/// Compares what became of events with what has to become of them.
///
/// Pure: what was seen on Kafka, at the worker and at the workbench is handed in.
struct Tally: Sendable {
    /// What was seen.
    struct Observations: Sendable, Equatable {
        /// Records of the events topic.
        var events = 0
        /// From the status topic.
        var rollouts = RolloutLedger()
        /// Values of the records of the dead-letter topic.
        var deadLetters: [[UInt8]] = []
        /// Repeated events, as the workers count them.
        var duplicates = 0
        /// From the sandbox.
        var audit = AuditLedger()
        /// When the first event was sent and the last outcome was told.
        var firstEventAt: Timestamp?
        var lastOutcomeAt: Timestamp?
    }

    /// One event with what became of it.
    struct Row: Sendable, Equatable {
        let event: RecordedEvent
        /// `nil` as long as nothing has become of it.
        let outcome: EventOutcome?
        /// Endpoint or cause.
        let detail: String
    }

    let observations: Observations
    /// The events in their order.
    let rows: [Row]
    /// What is not as it has to be, one line each; none is a pass.
    let problems: [String]

    /// Compares.
    init(expected: [RecordedEvent], _ observations: Observations) {
        self.observations = observations
        var matching = Matching(observations)
        self.rows = expected.map { matching.row($0) }
        var problems = self.rows.filter { $0.outcome != $0.event.expected }.map { row in
            "\(row.event.name): \(row.event.expected.rawValue) is expected, seen: \(row.outcome?.rawValue ?? "nothing")"
        }
        problems += matching.strangers
        problems += Tally.defects(of: observations)
        let told = EventOutcome.allCases.reduce(0) { $0 + Tally.count($1, observations) }
        if told != observations.events { problems.append("\(told) outcomes for \(observations.events) events") }
        if observations.events != expected.count {
            problems.append("\(observations.events) events were sent, \(expected.count) are expected")
        }
        self.problems = problems
    }

    /// Whether nothing more is to come: every event sent has an outcome, and every rollout has ended.
    var isComplete: Bool {
        self.rows.allSatisfy { $0.outcome != nil } && self.observations.events >= self.rows.count
            && self.observations.rollouts.entries.allSatisfy { !$0.outcomes.isEmpty }
    }

    private static func count(_ outcome: EventOutcome, _ observations: Observations) -> Int {
        switch outcome {
        case .deployed, .skipped, .failed, .superseded:
            observations.rollouts.entries.count { $0.outcomes.last == outcome }
        case .duplicate: observations.duplicates
        case .deadLettered: observations.deadLetters.count
        }
    }

    /// What is wrong whatever was expected.
    private static func defects(of observations: Observations) -> [String] {
        var defects: [String] = []
        for rollout in observations.rollouts.entries {
            let outcomes = rollout.outcomes
            if outcomes.isEmpty { defects.append("rollout \(rollout.id) has not ended") }
            if outcomes.count > 1 {
                let words = outcomes.map(\.rawValue).joined(separator: ", ")
                defects.append("rollout \(rollout.id) ended more than once: \(words)")
            }
            if outcomes.last == .deployed, !observations.audit.deploymentIDs.contains(rollout.deploymentID ?? "") {
                defects.append("rollout \(rollout.id) is called deployed, and the workbench made no such deployment")
            }
        }
        return defects + observations.audit.duplicates.map { "made more than once: \($0)" }
    }

    /// The one line of JSON that sums it up.
    var summary: String {
        let observations = self.observations
        let line = JSONWriter.object { writer in
            writer.field("events", observations.events)
            writer.field("deployed", Tally.count(.deployed, observations))
            writer.field("skipped", Tally.count(.skipped, observations))
            writer.field("failed", Tally.count(.failed, observations))
            writer.field("superseded", Tally.count(.superseded, observations))
            writer.field("duplicates", observations.duplicates)
            writer.field("deadLettered", observations.deadLetters.count)
            writer.field("duplicatesInAudit", observations.audit.surplus)
            writer.field("seconds", self.seconds)
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// From the first event to the last outcome, to a tenth.
    private var seconds: Double {
        guard let first = self.observations.firstEventAt, let last = self.observations.lastOutcomeAt else { return 0 }
        return (Double(max(0, last.milliseconds(since: first))) / 100).rounded() / 10
    }

    /// The rows as a table for people.
    var table: [String] {
        let cells = self.rows.map { row in
            [
                row.outcome == row.event.expected ? "ok" : "WRONG", row.event.name, row.outcome?.rawValue ?? "-",
                row.detail.isEmpty ? row.event.reason : row.detail,
            ]
        }
        let all = [["", "EVENT", "OUTCOME", "DETAIL"]] + cells
        let widths = (0..<3).map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { cells in
            let columns = zip(cells, widths).map { cell, width in
                cell + String(repeating: " ", count: max(0, width - cell.count))
            }
            return (columns + [cells[3]]).joined(separator: "  ")
        }
    }
}

/// Gives each event its outcome, and each outcome to one event only.
private struct Matching {
    private var rollouts: [RolloutIdentity: [RolloutLedger.Entry]]
    private var deadLetters: [[UInt8]]
    private var duplicates: Int
    private var seen: Set<RolloutIdentity> = []

    init(_ observations: Tally.Observations) {
        self.rollouts = Dictionary(grouping: observations.rollouts.entries, by: \.identity)
        self.deadLetters = observations.deadLetters
        self.duplicates = observations.duplicates
    }

    mutating func row(_ event: RecordedEvent) -> Tally.Row {
        if let index = self.deadLetters.firstIndex(of: event.value) {
            self.deadLetters.remove(at: index)
            return Tally.Row(event: event, outcome: .deadLettered, detail: "")
        }
        guard let identity = event.identity else { return Tally.Row(event: event, outcome: nil, detail: "") }
        let isFirst = self.seen.insert(identity).inserted
        if self.rollouts[identity]?.isEmpty == false, let rollout = self.rollouts[identity]?.removeFirst() {
            let detail = rollout.cause ?? rollout.endpoint ?? ""
            return Tally.Row(event: event, outcome: rollout.outcomes.last, detail: detail)
        }
        guard !isFirst, self.duplicates > 0 else { return Tally.Row(event: event, outcome: nil, detail: "") }
        self.duplicates -= 1
        return Tally.Row(event: event, outcome: .duplicate, detail: "")
    }

    /// Outcomes that belong to no event.
    var strangers: [String] {
        let rollouts = self.rollouts.values.joined().map(\.id).sorted()
        return rollouts.map { "rollout \($0) belongs to no expected event" }
            + (self.deadLetters.isEmpty ? [] : ["\(self.deadLetters.count) dead letters belong to no expected event"])
            + (self.duplicates == 0 ? [] : ["\(self.duplicates) repeated events are counted that nobody sent"])
    }
}

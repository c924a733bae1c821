// SPDX-License-Identifier: Apache-2.0

import JSON

/// What a reader of the status topic has seen of each rollout.
///
/// Reads the events' JSON on its own, not by the worker's code, since it is to judge the worker.
struct RolloutLedger: Sendable, Equatable {
    /// One rollout.
    struct Entry: Sendable, Equatable {
        let id: String
        var identity: RecordedEvent.Identity
        /// Phases by sequence number: the same event seen twice is one.
        var phases: [Int64: String] = [:]
        var endpoint: String?
        var cause: String?
        var deploymentID: String?

        /// Last statuses; exactly one once the rollout has ended.
        var outcomes: [EventOutcome] {
            self.phases.sorted { $0.key < $1.key }.compactMap { RolloutLedger.terminal[$0.value] }
        }
    }

    private static let terminal: [String: EventOutcome] = [
        "deployed": .deployed, "skipped": .skipped, "failed": .failed, "superseded": .superseded,
    ]

    /// The rollouts in the order in which they were first seen.
    private(set) var entries: [Entry] = []
    private var positions: [String: Int] = [:]

    /// Takes the value of a record of the status topic.
    ///
    /// - Returns: Whether it is a last status.
    /// - Throws: `TallyFailure` for a value that is no status.
    mutating func add(_ value: [UInt8]) throws(TallyFailure) -> Bool {
        let status: JSONValue
        do {
            status = try JSONValue(lenientlyParsing: value)
        } catch {
            throw TallyFailure(description: "the status topic has a record that is not JSON: \(error)")
        }
        guard let id = status["rolloutId"]?.text, let sequence = status["sequence"]?.wholeNumber,
            let phase = status["phase"]?.text
        else { throw TallyFailure(description: "the status topic has a record without rolloutId, sequence and phase") }
        let position = self.positions[id] ?? self.entries.count
        if position == self.entries.count {
            self.positions[id] = position
            self.entries.append(Entry(id: id, identity: RecordedEvent.Identity(runID: "", modelName: "")))
        }
        self.entries[position].phases[sequence] = phase
        self.entries[position].identity = RecordedEvent.Identity(
            runID: status["run"]?["runId"]?.text ?? self.entries[position].identity.runID,
            modelName: status["model"]?["name"]?.text ?? self.entries[position].identity.modelName
        )
        if let endpoint = status["endpointUrl"]?.text { self.entries[position].endpoint = endpoint }
        if let made = status["ids"]?["deploymentId"]?.text { self.entries[position].deploymentID = made }
        let cause = status["cause"]
        self.entries[position].cause = cause?["class"]?.text.map { "\($0): \(cause?["message"]?.text ?? "")" }
        return RolloutLedger.terminal[phase] != nil
    }
}

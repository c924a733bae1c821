// SPDX-License-Identifier: Apache-2.0

import JSON

/// What a reader of the status topic has seen of each rollout.
///
/// Reads the events' JSON on its own, not by the worker's code, since it is to judge the worker.
package struct RolloutLedger: Sendable, Equatable {
    /// One rollout.
    package struct Entry: Sendable, Equatable {
        /// Its id.
        package let id: String
        var identity: RolloutIdentity
        /// Replay that it comes from; `nil` for none.
        package var replayID: String?
        /// Phases by sequence number: the same event seen twice is one.
        var phases: [Int64: String] = [:]
        /// Records with a last status, the same one seen twice counted twice.
        package var lastStatusCount = 0
        var endpoint: String?
        /// Class and message of why it ended or waits.
        package var cause: String?
        /// Every id that a status has ever named, by kind.
        package var made: [AuditLedger.Kind: Set<String>] = [:]
        var deploymentID: String?
        /// Ids of what the worker itself has reported as an orphan of this rollout.
        package var reportedOrphans: Set<String> = []

        /// Last statuses; exactly one once the rollout has ended.
        package var outcomes: [EventOutcome] {
            self.phases.sorted { $0.key < $1.key }.compactMap { RolloutLedger.terminal[$0.value] }
        }

        /// The run, as resolved or else as named; empty if neither.
        package var runID: String { self.identity.runID }
        /// The model's name; empty where it is not known.
        package var modelName: String { self.identity.modelName }
    }

    private static let terminal: [String: EventOutcome] = [
        "deployed": .deployed, "skipped": .skipped, "failed": .failed, "superseded": .superseded,
    ]

    /// The rollouts in the order in which they were first seen.
    package private(set) var entries: [Entry] = []
    private var positions: [String: Int] = [:]

    /// A ledger without rollouts.
    package init() {}

    /// Takes the value of a record of the status topic.
    ///
    /// - Returns: Whether it is a last status.
    /// - Throws: `TallyFailure` for a value that is no status.
    package mutating func add(_ value: [UInt8]) throws(TallyFailure) -> Bool {
        let status: JSONValue
        do {
            status = try JSONValue(parsing: value)
        } catch {
            throw TallyFailure(description: "the status topic has a record that is not JSON: \(error)")
        }
        guard let id = status["rolloutId"]?.text, let sequence = status["sequence"]?.wholeNumber,
            let phase = status["phase"]?.text
        else { throw TallyFailure(description: "the status topic has a record without rolloutId, sequence and phase") }
        let position = self.positions[id] ?? self.entries.count
        if position == self.entries.count {
            self.positions[id] = position
            self.entries.append(Entry(id: id, identity: RolloutIdentity(runID: "", modelName: "")))
        }
        self.entries[position].phases[sequence] = phase
        self.entries[position].identity = RolloutIdentity(
            runID: status["run"]?["runId"]?.text ?? self.entries[position].identity.runID,
            modelName: status["model"]?["name"]?.text ?? self.entries[position].identity.modelName
        )
        if let endpoint = status["endpointUrl"]?.text { self.entries[position].endpoint = endpoint }
        self.entries[position].replayID = status["replay"]?["id"]?.text ?? self.entries[position].replayID
        for kind in AuditLedger.Kind.allCases {
            guard let made = status["ids"]?["\(kind.rawValue)Id"]?.text else { continue }
            self.entries[position].made[kind, default: []].insert(made)
            if kind == .deployment { self.entries[position].deploymentID = made }
        }
        for orphan in status["orphans"]?.elements ?? [] {
            if let made = orphan["id"]?.text { self.entries[position].reportedOrphans.insert(made) }
        }
        let cause = status["cause"]
        self.entries[position].cause = cause?["class"]?.text.map { "\($0): \(cause?["message"]?.text ?? "")" }
        guard RolloutLedger.terminal[phase] != nil else { return false }
        self.entries[position].lastStatusCount += 1
        return true
    }
}

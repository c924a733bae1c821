// SPDX-License-Identifier: Apache-2.0

import JSON
package import Values

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
        /// Where its event stood first; `nil` where no status says so.
        package var place: EventPlace?
        /// When its first status was written; its own time may be that at which its event was read, long before it was accepted.
        package var beganAt: Timestamp?
        /// When it was first written that it is at work on the workbench; `nil` where that never was.
        package var workedAt: Timestamp?
        /// When its last status was written; `nil` without one.
        package var leftAt: Timestamp?
        /// When its last status was told; `nil` without one.
        package var endedAt: Timestamp?
        /// Ids of what the worker itself has reported as an orphan of this rollout.
        package var reportedOrphans: Set<String> = []

        /// Last statuses; exactly one once the rollout has ended.
        package var outcomes: [EventOutcome] {
            self.phases.sorted { $0.key < $1.key }.compactMap { RolloutLedger.terminal[$0.value] }
        }

        /// The phase that its newest status says, by the sequence of statuses.
        package var phase: String { self.phases.max { $0.key < $1.key }?.value ?? "" }

        /// The run, as resolved or else as named; empty if neither.
        package var runID: String { self.identity.runID }
        /// The model's name; empty where it is not known.
        package var modelName: String { self.identity.modelName }
    }

    /// Where an event stood first, as statuses say it.
    package struct EventPlace: Sendable, Hashable {
        /// The event topic.
        package let topic: String
        /// The partition.
        package let partition: Int64
        /// The offset.
        package let offset: Int64

        /// Names a place.
        package init(topic: String, partition: Int64, offset: Int64) {
            self.topic = topic
            self.partition = partition
            self.offset = offset
        }

        fileprivate init?(_ event: JSONValue?) {
            guard let topic = event?["topic"]?.text, let partition = event?["partition"]?.wholeNumber,
                let offset = event?["offset"]?.wholeNumber
            else { return nil }
            self.init(topic: topic, partition: partition, offset: offset)
        }
    }

    private static let terminal: [String: EventOutcome] = [
        "deployed": .deployed, "skipped": .skipped, "failed": .failed, "superseded": .superseded,
    ]

    /// Phases in which something is made, or asked.
    private static let working: Set<String> = ["registering", "building", "deploying", "verifying"]

    /// The rollouts in the order in which they were first seen.
    package private(set) var entries: [Entry] = []
    private var positions: [String: Int] = [:]

    /// A ledger without rollouts.
    package init() {}

    /// Takes the value of a record of the status topic.
    ///
    /// - Parameters:
    ///   - value: The record's value.
    ///   - written: When the record was written; `nil` for the status's own time.
    /// - Returns: Whether it is a last status.
    /// - Throws: `TallyFailure` for a value that is no status.
    package mutating func add(_ value: [UInt8], written: Timestamp? = nil) throws(TallyFailure) -> Bool {
        let status: JSONValue
        do {
            status = try JSONValue(parsing: value)
        } catch {
            throw TallyFailure(description: "the status topic has a record that is not JSON: \(error)")
        }
        // What has become of a command is no status of a rollout.
        guard status["commandId"] == nil else { return false }
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
        self.entries[position].place = EventPlace(status["event"]) ?? self.entries[position].place
        let cause = status["cause"]
        self.entries[position].cause = cause?["class"]?.text.map { "\($0): \(cause?["message"]?.text ?? "")" }
        let time = status["time"]?.text.flatMap { Timestamp(rfc3339: $0) }
        let written = written ?? time
        if let written { self.entries[position].beganAt = min(self.entries[position].beganAt ?? written, written) }
        if let written, Self.working.contains(phase) {
            self.entries[position].workedAt = min(self.entries[position].workedAt ?? written, written)
        }
        guard RolloutLedger.terminal[phase] != nil else { return false }
        self.entries[position].lastStatusCount += 1
        self.entries[position].endedAt = time
        self.entries[position].leftAt = written
        return true
    }
}

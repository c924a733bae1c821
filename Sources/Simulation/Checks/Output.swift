// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// What the workers have written for others to read: statuses and dead letters, read as they become visible.
struct Output {
    /// What the status topic says of one rollout.
    struct Statuses {
        /// Last statuses, in order.
        var ends: [Phase] = []
        /// The bodies of the last status and of the reports of orphans: ids are looked for in them.
        var lastBody: [UInt8] = []
        /// The last status as the watching command reads it.
        var lastEvent: StatusEvent?
        var orphanReports: [[UInt8]] = []
    }

    private(set) var statuses: [RolloutID: Statuses] = [:]
    /// In the order of their first status.
    private(set) var order: [RolloutID] = []
    /// The rollouts that ended `deployed`, in the order in which that was committed.
    private(set) var deployed: [RolloutID] = []
    /// What has become of each command, in order.
    private(set) var commands: [String: [String]] = [:]
    private(set) var dead: [Origin?] = []
    private var statusPosition: Int64 = 0
    private var deadPosition: Int64 = 0
    private static let typePrefix = "dev.slipway.rollout."

    /// Reads what has become visible since.
    mutating func read(_ kafka: ModelledKafka, _ topics: TopicNumbers) {
        let status = LogID(topic: topics.status, partition: 0)
        var fresh: [PartitionLog.Record] = []
        self.statusPosition = kafka.read(status, from: self.statusPosition, to: .max, limit: .max) { fresh.append($1) }
        for record in fresh { self.add(record) }
        let dead = LogID(topic: topics.dead, partition: 0)
        var letters: [Origin?] = []
        self.deadPosition = kafka.read(dead, from: self.deadPosition, to: .max, limit: .max) {
            letters.append(Forwarding.origin(in: $1.headers))
        }
        self.dead += letters
    }

    private mutating func add(_ record: PartitionLog.Record) {
        // What has become of commands is told there, too.
        if let command = CommandStatus.decode(headers: record.headers, value: record.value) {
            self.commands[command.commandID, default: []].append(command.outcome)
            return
        }
        guard let key = record.key, let id = RolloutID(String(decoding: key, as: UTF8.self)),
            let word = Self.word(record.headers)
        else { preconditionFailure("a status record that no worker writes") }
        if self.statuses[id] == nil {
            self.statuses[id] = Statuses()
            self.order.append(id)
        }
        if word == StatusEvent.orphanWord {
            self.statuses[id]?.orphanReports.append(record.value ?? [])
            return
        }
        guard let phase = Phase(rawValue: word), phase.isTerminal else { return }
        self.statuses[id]?.ends.append(phase)
        self.statuses[id]?.lastBody = record.value ?? []
        self.statuses[id]?.lastEvent = StatusEvent.decode(headers: record.headers, value: record.value)
        if phase == .deployed { self.deployed.append(id) }
    }

    private static func word(_ headers: [RecordHeader]) -> String? {
        guard let type = headers.first(where: { $0.name == "ce_type" })?.text, type.hasPrefix(Self.typePrefix) else {
            return nil
        }
        return String(type.dropFirst(Self.typePrefix.count).dropLast(3))
    }
}

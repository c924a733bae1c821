// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Kafka
import Rollouts
import Values
import Worker

/// One record that a command writes to the journal, or would write.
struct JournalChange: Sendable, Equatable {
    var partition: Partition
    var key: String
    /// `tombstone` or `start record`.
    var what: String
    /// What nobody knows any more afterwards.
    var loss: String
}

/// The work of `slipway journal forget`.
struct JournalForget: Sendable {
    let access: JournalAccess
    let report: JournalReport
    /// The key as the user wrote it.
    let key: String
    let only: Int?
    let isForced: Bool
    let applies: Bool

    /// Writes a tombstone for one key, or says what that would do.
    ///
    /// - Returns: Success if there is something to forget and, where asked for, it was forgotten.
    func run() async throws -> ExitStatus {
        guard self.key != StartRecord.key else {
            throw Refused("'start' says what a partition belongs to; see slipway journal begin")
        }
        let inspection = JournalInspection(access: self.access)
        let found = try await inspection.read(only: self.only, key: Array(self.key.utf8)).partitions
        let places = found.compactMap { self.place(in: $0) }
        guard let place = places.first else { throw Refused("nothing stands under '\(self.key)' in the journal") }
        let isPosition = self.key == CommandsPosition.key
        // Every partition has a position of its own, in the one topic.
        guard places.count == 1 || isPosition else {
            let numbers = places.map(\.partition.description).joined(separator: ", ")
            throw Refused("'\(self.key)' stands in partitions \(numbers): say which by --partition")
        }
        if places.contains(where: \.isHealthy) {
            if !isPosition, !self.isForced {
                throw Refused(
                    "the record of '\(self.key)' can be read, and nothing waits for it; --force forgets it all the same"
                )
            }
            try await self.checkWorkersStopped()
        }
        if self.applies {
            try await self.access.write(
                places.map {
                    ProducerRecord(topic: self.access.topics.journal, partition: $0.partition, key: $0.key, value: nil)
                }
            )
        }
        for place in places { try self.report.write(self.change(place), isApplied: self.applies) }
        let goingOn =
            place.isHealthy ? "Start the workers." : "Workers that hold the partition go on within half a minute."
        self.report.output.writeErrorLine(
            self.applies ? goingOn : "Nothing was written; add --apply to write it."
        )
        return .success
    }

    private func change(_ place: Place) -> JournalChange {
        JournalChange(
            partition: place.partition,
            key: self.key,
            what: "tombstone",
            loss: Self.loss(of: place)
        )
    }

    /// Where the key stands.
    private struct Place {
        var partition: Partition
        var key: [UInt8]
        var isHealthy = false
        var isForeign = false
    }

    private func place(in inspected: InspectedPartition) -> Place? {
        if let defect = inspected.findings.defects.first(where: { $0.keyText == self.key }) {
            return Place(partition: inspected.partition, key: defect.key)
        }
        if let foreign = inspected.findings.foreign.first(where: { $0.keyText == self.key }) {
            return Place(partition: inspected.partition, key: foreign.key, isForeign: true)
        }
        guard inspected.holdsKey else { return nil }
        return Place(partition: inspected.partition, key: Array(self.key.utf8), isHealthy: true)
    }

    private func checkWorkersStopped() async throws {
        let group = try await self.access.withAdmin { try await $0.group(self.access.groupID) }
        guard group.members.isEmpty else {
            throw Refused(
                "group '\(self.access.groupID)' has \(group.members.count) members, which have '\(self.key)' in memory and "
                    + "may write it again: stop all workers first"
            )
        }
    }

    private static func loss(of place: Place) -> String {
        guard !place.isForeign else { return "nothing of ours" }
        if place.key.elementsEqual(CommandsPosition.key.utf8) {
            return "which commands were done: those that the topic keeps are looked at again, from the hour before the "
                + "partition's beginning on; what is known is not done twice"
        }
        if place.key.starts(with: "command:".utf8) {
            return "what the command asked for: another one of its id is done"
        }
        return place.key.starts(with: "lane:".utf8)
            ? "which run of the model is live and which was the newest: an older run may take its place"
            : "the rollout: no status tells its end, what it made is left, and its event sent again is deployed again"
    }
}

/// The work of `slipway journal begin`.
struct JournalBegin: Sendable {
    let access: JournalAccess
    let report: JournalReport
    let acceptsLoss: Bool

    /// Writes start records where the group has worked with a partition that has none, or says what that would mean.
    ///
    /// - Returns: Success, also if there is nothing to begin.
    func run() async throws -> ExitStatus {
        guard let workbench = self.access.workbench else {
            throw ConfigurationProblem("workbench.url is not set: a start record names the workbench")
        }
        let (found, count) = try await JournalInspection(access: self.access).read(only: nil)
        let lost = found.filter { $0.isLost || $0.isStartUnreadable }
        guard !lost.isEmpty else {
            self.report.output.writeErrorLine("No journal partition has lost its start record; nothing is to be begun.")
            return .success
        }
        if self.acceptsLoss {
            // Its first owner adds when event topics were first read.
            let start = StartRecord(
                partitionCount: count,
                group: self.access.groupID,
                workbench: workbench,
                commandsSince: Timestamp.now()
            )
            let record = JournalRecord(start, writer: .init(process: "slipway journal begin", generation: 0))
            try await self.access.write(
                lost.map { inspected in
                    ProducerRecord(
                        topic: self.access.topics.journal,
                        partition: inspected.partition,
                        key: record.key,
                        value: record.value,
                        headers: record.headers
                    )
                }
            )
        }
        for inspected in lost {
            try self.report.write(Self.change(inspected), isApplied: self.acceptsLoss)
        }
        self.report.output.writeErrorLine(
            self.acceptsLoss
                ? "Start the workers; they take these partitions over as they are."
                : "Nothing was written; add --accept-loss to let these partitions go on."
        )
        return .success
    }

    private static func change(_ inspected: InspectedPartition) -> JournalChange {
        var loss =
            inspected.isLost
            ? "rollouts that were under way (no status tells their end), what is live (an older run may displace a newer), "
                + "events that were handled (sent again, they are deployed again), objects still to be cleaned up, commands "
                + "that were asked for until now and not done (ask again)"
            : "what the unreadable start record said"
        if inspected.partition.rawValue == 0 {
            loss +=
                "; when event topics were first read: partitions without a committed offset begin at intake.startFrom"
        }
        return JournalChange(
            partition: inspected.partition,
            key: StartRecord.key,
            what: "start record",
            loss: loss
        )
    }
}

/// What a command about the journal does not do, and why.
struct Refused: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

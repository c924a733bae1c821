// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// One thing that `slipway journal check` has found.
struct JournalFinding: Sendable, Equatable {
    /// What it is; the same words in text and JSON.
    enum Kind: String, Sendable {
        /// A record of ours that can't be read, and parks what it belongs to.
        case unreadable
        /// A key of somebody else, which is ignored.
        case foreign
        /// The partition has lost its records: the group has worked with it, and it does not say what it belongs to.
        case lost
        /// The partition belongs to another group, workbench or number of partitions.
        case otherWorld
    }

    var partition: Partition
    var kind: Kind
    /// The record's key; `nil` where it is about the whole partition.
    var key: String?
    /// Where the record stands.
    var offset: Offset?
    /// `rollout`, `partition`, or the lane; `nil` where nothing waits.
    var parks: String?
    /// Why, in one line.
    var message: String
    /// What to do.
    var nextStep: String

    /// Whether something waits for it.
    var isProblem: Bool { self.kind != .foreign }

    /// All findings about a partition, in the order of their places.
    ///
    /// - Parameters:
    ///   - inspected: What it holds.
    ///   - world: What the settings say that it belongs to; a part that is not configured is not compared.
    /// - Returns: Nothing where all is well.
    static func all(of inspected: InspectedPartition, world: (StartRecord) -> StartRecord) -> [JournalFinding] {
        var findings = inspected.findings.defects.map { Self(inspected.partition, $0) }
        findings += inspected.findings.foreign.map { Self(inspected.partition, $0) }
        findings.sort { ($0.offset?.rawValue ?? 0) < ($1.offset?.rawValue ?? 0) }
        if inspected.isLost { findings.append(.lost(inspected.partition)) }
        if let start = inspected.start,
            let message = start.contradiction(to: world(start), partition: inspected.partition)
        {
            findings.append(
                JournalFinding(
                    partition: inspected.partition,
                    kind: .otherWorld,
                    parks: "worker",
                    message: message,
                    nextStep: "as the message says"
                )
            )
        }
        return findings
    }

    private static func lost(_ partition: Partition) -> JournalFinding {
        JournalFinding(
            partition: partition,
            kind: .lost,
            parks: "worker",
            message: "it has no start record, though the group has worked with it: it was deleted or cut short",
            nextStep: "restore the topic, or: slipway journal begin --accept-loss"
        )
    }
}

extension JournalFinding {
    private init(_ partition: Partition, _ defect: JournalDefect) {
        let parks =
            switch defect.parks {
            case .rollout: "rollout"
            case .lane(let lane): "lane \(lane.journalText)"
            case .command: "command"
            case .partition: "partition"
            }
        self.init(
            partition: partition,
            kind: .unreadable,
            key: defect.keyText,
            offset: defect.offset,
            parks: parks,
            message: defect.reason.description,
            nextStep: defect.nextStep
        )
    }

    private init(_ partition: Partition, _ foreign: JournalFindings.ForeignKey) {
        self.init(
            partition: partition,
            kind: .foreign,
            key: foreign.keyText,
            offset: foreign.offset,
            message: "it was not written by Slipway and is ignored",
            nextStep: "find who writes here, or: slipway journal forget \(JournalKeyText.quoted(foreign.keyText))"
        )
    }
}

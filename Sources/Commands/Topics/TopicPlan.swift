// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Worker

/// The topics as Slipway wants them.
struct TopicPlan: Sendable, Equatable {
    /// One topic as it is wanted.
    struct Wanted: Sendable, Equatable {
        var role: TopicRole
        var name: String
        /// Settings that a new topic gets; those that the promises rest on are among them.
        var settings: [String: String]
    }

    /// Numbers of partitions that topics are created with.
    struct PartitionCounts: Sendable, Equatable {
        /// Of inbox and journal alike, chosen once: it decides which partition owns a model.
        var owning = 24
        /// Of each other topic but that of the commands, which has one; these may grow at any time.
        var others = 12
    }

    /// The topics, those of events first.
    let topics: [Wanted]
    /// Partitions of topics that are created.
    let partitionCounts: PartitionCounts
    /// Copies of each partition; `nil` for three where there are as many brokers, else what the brokers say.
    let replicationFactor: Int?
    /// How long ended rollouts are known, in milliseconds.
    let horizon: Int64

    /// Makes the plan.
    ///
    /// - Parameters:
    ///   - names: Names of the topics.
    ///   - partitionCounts: Partitions of topics that are created.
    ///   - replicationFactor: Copies of each partition; `nil` for three where there are as many brokers.
    ///   - dedupeHorizonMilliseconds: How long repeated events are known; events are kept no longer.
    init(
        names: TopicNames,
        partitionCounts: PartitionCounts = PartitionCounts(),
        replicationFactor: Int?,
        dedupeHorizonMilliseconds: Int64
    ) {
        let shares = TopicRules.retention(horizonMilliseconds: dedupeHorizonMilliseconds)
        let kept = [
            "cleanup.policy": "delete", "retention.ms": String(shares.retentionMilliseconds),
            "segment.ms": String(shares.segmentMilliseconds),
        ]
        // Of topics that others write to: brokers unpack and measure each batch, so that no worker has to.
        let unpacked = ["compression.type": "uncompressed"]
        self.partitionCounts = partitionCounts
        self.replicationFactor = replicationFactor
        self.horizon = dedupeHorizonMilliseconds
        self.topics =
            names.events.map { Wanted(role: .events, name: $0, settings: kept.merging(unpacked) { $1 }) } + [
                // Larger than the events', since one that is passed on carries its origin, too.
                Wanted(
                    role: .inbox,
                    name: names.inbox,
                    settings: kept.merging(["max.message.bytes": "2097152"]) { $1 }
                ),
                Wanted(
                    role: .journal,
                    name: names.journal,
                    // Small segments, so that compaction, which spares the newest one, keeps a restore short.
                    settings: [
                        "cleanup.policy": "compact", "segment.bytes": "67108864", "min.cleanable.dirty.ratio": "0.2",
                    ]
                ),
                Wanted(
                    role: .commands,
                    name: names.commands,
                    // A replay carries the whole event.
                    settings: [
                        "cleanup.policy": "delete", "retention.ms": "31536000000", "max.message.bytes": "2097152",
                    ].merging(unpacked) { $1 }
                ),
                Wanted(
                    role: .status,
                    name: names.status,
                    settings: ["cleanup.policy": "delete", "retention.ms": String(dedupeHorizonMilliseconds)]
                ),
                Wanted(
                    role: .dead,
                    name: names.dead,
                    settings: [
                        "cleanup.policy": "delete", "retention.ms": "31536000000", "max.message.bytes": "2097152",
                    ]
                ),
            ]
    }

    /// How a topic that is created keeps what is committed, whichever broker is lost.
    ///
    /// - Parameter brokers: How many brokers the cluster has.
    /// - Returns: Copies of each partition, `nil` to leave it to the brokers; and the settings that go with them.
    func durability(brokers: Int) -> (replicationFactor: Int?, settings: [String: String]) {
        let factor = self.replicationFactor ?? (brokers >= 3 ? 3 : nil)
        var settings = ["unclean.leader.election.enable": "false"]
        if let factor { settings["min.insync.replicas"] = factor >= 3 ? "2" : "1" }
        return (factor, settings)
    }

    /// How many partitions a topic that is created gets.
    ///
    /// - Parameters:
    ///   - wanted: The topic.
    ///   - found: The partition counts of topics that exist: of inbox and journal the one that is missing follows the other.
    /// - Returns: 1 or more.
    func partitionCount(of wanted: Wanted, found: [String: Int]) -> Int {
        switch wanted.role {
        case .events, .status, .dead: self.partitionCounts.others
        case .commands: 1
        case .inbox, .journal:
            [TopicRole.inbox, .journal].compactMap { found[self.name($0)] }.first ?? self.partitionCounts.owning
        }
    }

    /// The name of the one topic of a role that only one has.
    func name(_ role: TopicRole) -> String { self.topics.first { $0.role == role }?.name ?? "" }
}

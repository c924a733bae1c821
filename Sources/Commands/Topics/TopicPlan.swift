// SPDX-License-Identifier: Apache-2.0

import Rollouts

/// The topics as Slipway wants them.
struct TopicPlan: Sendable, Equatable {
    /// One topic as it is wanted.
    struct Wanted: Sendable, Equatable {
        /// What the topic is for.
        enum Role: String, Sendable, CaseIterable { case events, inbox, journal, status, dead }

        var role: Role
        var name: String
        /// Settings that must have this value, else the worker can't keep its promises.
        var required: [String: String] = [:]
        /// Settings that a new topic gets; operators may choose otherwise.
        var proposed: [String: String]
    }

    /// Numbers of partitions that topics are created with.
    struct PartitionCounts: Sendable, Equatable {
        /// Of inbox and journal alike, chosen once: it decides which partition owns a model.
        var owning = 24
        /// Of each other topic, which may grow at any time.
        var others = 12
    }

    /// The topics, those of events first.
    let topics: [Wanted]
    /// Partitions of topics that are created.
    let partitionCounts: PartitionCounts
    /// Copies of each partition; `nil` leaves it to the brokers.
    let replicationFactor: Int?
    /// How long ended rollouts are known, in milliseconds.
    let horizon: Int64

    /// Makes the plan.
    ///
    /// - Parameters:
    ///   - names: Names of the topics.
    ///   - partitionCounts: Partitions of topics that are created.
    ///   - replicationFactor: Copies of each partition; `nil` leaves it to the brokers.
    ///   - dedupeHorizonMilliseconds: How long repeated events are known; events are kept no longer.
    init(
        names: TopicNames,
        partitionCounts: PartitionCounts = PartitionCounts(),
        replicationFactor: Int?,
        dedupeHorizonMilliseconds: Int64
    ) {
        let horizon = String(dedupeHorizonMilliseconds)
        self.partitionCounts = partitionCounts
        self.replicationFactor = replicationFactor
        self.horizon = dedupeHorizonMilliseconds
        self.topics =
            names.events.map { Wanted(role: .events, name: $0, proposed: ["retention.ms": horizon]) } + [
                Wanted(
                    role: .inbox,
                    name: names.inbox,
                    // Compacted it would lose events: those of one rollout share a key.
                    required: ["cleanup.policy": "delete"],
                    // Larger than the events', since one that is passed on carries its origin, too.
                    proposed: ["retention.ms": horizon, "max.message.bytes": "2097152"]
                ),
                Wanted(
                    role: .journal,
                    name: names.journal,
                    required: ["cleanup.policy": "compact"],
                    // Small segments, so that compaction, which spares the newest one, keeps a restore short.
                    proposed: ["segment.bytes": "67108864", "min.cleanable.dirty.ratio": "0.2"]
                ),
                Wanted(role: .status, name: names.status, proposed: ["retention.ms": horizon]),
                Wanted(
                    role: .dead,
                    name: names.dead,
                    proposed: ["retention.ms": "31536000000", "max.message.bytes": "2097152"]
                ),
            ]
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
        case .inbox, .journal:
            [Wanted.Role.inbox, .journal].compactMap { found[self.name($0)] }.first ?? self.partitionCounts.owning
        }
    }

    /// The name of the one topic of a role that only one has.
    func name(_ role: Wanted.Role) -> String { self.topics.first { $0.role == role }?.name ?? "" }
}

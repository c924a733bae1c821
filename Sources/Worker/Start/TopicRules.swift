// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// What a topic is for.
package enum TopicRole: String, Sendable, CaseIterable {
    case events, inbox, journal, commands, status, dead
}

/// One topic as the brokers describe it.
package struct DescribedTopic: Sendable {
    /// What it is for.
    package var role: TopicRole
    /// Its name.
    package var name: String
    /// Copies of each partition.
    package var replicationFactor: Int
    /// Its settings by name, as they are in force.
    package var settings: [String: String]

    /// Describes a topic.
    package init(role: TopicRole, name: String, replicationFactor: Int, settings: [String: String]) {
        self.role = role
        self.name = name
        self.replicationFactor = replicationFactor
        self.settings = settings
    }

    func number(_ setting: String) -> Int64? { self.settings[setting].flatMap { Int64($0) } }
}

/// What is wrong with a topic: the value found, what is wanted and why, and what to do.
package struct TopicProblem: Sendable, Equatable {
    /// What follows from it.
    package enum Gravity: Sendable, Equatable {
        /// The worker does not start: a promise would be broken for certain.
        case refused
        /// A promise is broken as soon as something else goes wrong; the worker starts and says so.
        case broken
        /// Unusual, and somebody may have meant it.
        case advice
    }

    /// What follows from it.
    package var gravity: Gravity
    /// One line: value found, value wanted, reason.
    package var message: String
    /// What an operator does.
    package var nextStep: String
    /// Settings of the topic that put it right.
    package var changes: [String: String] = [:]
    /// Whether these changes delete records sooner than now, so that nobody makes them unasked.
    package var shortens = false
}

/// What topics must be like: the worker refuses to start on others, and `slipway topics` names them.
package enum TopicRules {
    /// What a topic must take at the least, in bytes: a shortened record and its headers fit into it.
    package static let leastRecordBytes = 64 << 10

    /// The longest horizon that can be set: events that are kept longer, or for ever, ask for it.
    private static let longestHorizon = Span.seconds(3_650 * 86_400)

    /// Rule 11: who can read an event must still know its rollout.
    ///
    /// Brokers delete whole segments, each when its newest record is old enough; so an event may stay for as long again as
    /// its segment is written to.
    ///
    /// - Parameters:
    ///   - retentionMilliseconds: How long events are kept (`retention.ms`); negative for ever.
    ///   - segmentMilliseconds: For how long one segment is written to at most (`segment.ms`).
    /// - Returns: How long ended rollouts must be known at the least, in milliseconds.
    package static func leastHorizonMilliseconds(retentionMilliseconds: Int64, segmentMilliseconds: Int64) -> Int64 {
        let longest = Self.longestHorizon.milliseconds
        guard retentionMilliseconds >= 0 else { return longest }
        let (sum, overflow) = retentionMilliseconds.addingReportingOverflow(max(0, segmentMilliseconds))
        return overflow ? longest : min(sum, longest)
    }

    /// How events topics share a horizon between retention and a segment's time.
    ///
    /// - Parameter horizonMilliseconds: How long ended rollouts are known.
    /// - Returns: What to give `retention.ms` and `segment.ms`, which fill it together.
    package static func retention(
        horizonMilliseconds: Int64
    ) -> (retentionMilliseconds: Int64, segmentMilliseconds: Int64) {
        // A day at most: small segments cost brokers open files.
        let segment = min(86_400_000, horizonMilliseconds / 4)
        return (horizonMilliseconds - segment, segment)
    }

    /// Judges one topic by itself.
    ///
    /// - Parameters:
    ///   - topic: The topic; a setting that it lacks is not judged.
    ///   - brokers: How many brokers the cluster has.
    ///   - horizonMilliseconds: How long ended rollouts are known; `nil` for ever.
    /// - Returns: What is wrong, the worst first.
    package static func problems(
        of topic: DescribedTopic,
        brokers: Int,
        horizonMilliseconds: Int64?
    ) -> [TopicProblem] {
        self.size(topic) + self.policy(topic) + self.compression(topic)
            + self.horizon(topic, horizonMilliseconds) + self.durability(topic, brokers: brokers)
    }

    /// Commands count in the order in which they stand, which only one partition has.
    ///
    /// - Parameters:
    ///   - topic: Name of the commands topic.
    ///   - count: Partitions that it has.
    /// - Returns: What is wrong; `nil` for one partition.
    package static func commandsProblem(_ topic: String, partitionCount count: Int) -> TopicProblem? {
        guard count > 1 else { return nil }
        return TopicProblem(
            gravity: .refused,
            message: "it has \(count) partitions, must have 1: commands count in the order in which they stand",
            nextStep:
                "delete topic '\(topic)' and make it anew (slipway topics ensure), or name another one in topics.commands"
        )
    }

    private static let alter = "slipway topics ensure --alter"

    private static func size(_ topic: DescribedTopic) -> [TopicProblem] {
        let least = self.leastRecordBytes
        guard let limit = topic.number("max.message.bytes"), limit < least else { return [] }
        return [
            TopicProblem(
                gravity: .refused,
                message: "max.message.bytes is \(limit), must be \(least) or more: it takes next to no record",
                nextStep: "raise its max.message.bytes to \(least) or more (\(self.alter))",
                changes: ["max.message.bytes": String(least)]
            )
        ]
    }

    private static func policy(_ topic: DescribedTopic) -> [TopicProblem] {
        guard let found = topic.settings["cleanup.policy"] else { return [] }
        let wanted = topic.role == .journal ? "compact" : "delete"
        guard found != wanted else { return [] }
        let (gravity, reason): (TopicProblem.Gravity, String) =
            switch topic.role {
            case .journal: (.refused, "unfinished work would be deleted in a long outage")
            case .inbox: (.refused, "of events that share a key all but the newest would be dropped, read or not")
            case .commands: (.broken, "of commands that share an id all but the newest would be dropped")
            case .events: (.broken, "runs of one model share a key, so compaction would drop events")
            case .dead: (.broken, "of dead letters that share a key all but the newest would be dropped")
            case .status: (.advice, "of each rollout's steps only the newest would be kept")
            }
        return [
            TopicProblem(
                gravity: gravity,
                message: "cleanup.policy is '\(found)', must be '\(wanted)': \(reason)",
                nextStep: self.alter,
                changes: ["cleanup.policy": wanted]
            )
        ]
    }

    /// What others write is unpacked by the brokers, not by the workers.
    ///
    /// librdkafka (2.0.2 to 2.16.0) ends its process at a gzip batch of two members whose first is empty, 120 bytes, and
    /// unpacks gzip without a bound. A broker that stores uncompressed unpacks such a batch itself, writes it anew and holds its
    /// whole size against `max.message.bytes`.
    private static func compression(_ topic: DescribedTopic) -> [TopicProblem] {
        let wanted = "uncompressed"
        guard topic.role == .events || topic.role == .commands, let found = topic.settings["compression.type"],
            found != wanted
        else { return [] }
        return [
            TopicProblem(
                gravity: .broken,
                message:
                    "compression.type is '\(found)', must be '\(wanted)': else whoever may write here can end every worker "
                    + "by one small batch, or have it take a thousand times the batch's size in memory",
                nextStep: self.alter,
                changes: ["compression.type": wanted]
            )
        ]
    }

    private static func horizon(_ topic: DescribedTopic, _ horizon: Int64?) -> [TopicProblem] {
        guard topic.role == .events || topic.role == .inbox, let horizon, let retention = topic.number("retention.ms")
        else { return [] }
        let segment = topic.number("segment.ms") ?? 0
        let needed = self.leastHorizonMilliseconds(
            retentionMilliseconds: retention,
            segmentMilliseconds: segment
        )
        guard horizon < needed else { return [] }
        let shorter = self.retention(horizonMilliseconds: horizon)
        return [
            TopicProblem(
                gravity: .refused,
                message:
                    "it keeps events for \(retention) ms (retention.ms) and up to \(segment) ms more until a segment is "
                    + "closed (segment.ms), longer than ended rollouts are known (journal.dedupeHorizon, \(horizon) ms): one "
                    + "that is read again would be deployed again",
                nextStep:
                    "set journal.dedupeHorizon to \(needed)ms or more; or keep events for less, which deletes older ones: "
                    + "\(self.alter) --shorten-retention",
                changes: [
                    "retention.ms": String(
                        retention < 0 ? shorter.retentionMilliseconds : min(retention, shorter.retentionMilliseconds)
                    ),
                    "segment.ms": String(min(max(segment, 1), shorter.segmentMilliseconds)),
                ],
                shortens: true
            )
        ]
    }

    /// What is committed must outlive a broker and its disk.
    private static func durability(_ topic: DescribedTopic, brokers: Int) -> [TopicProblem] {
        // A cluster of one or two can't do better: that is somebody's choice, and said.
        let gravity: TopicProblem.Gravity = brokers >= 3 ? .broken : .advice
        let factor = topic.replicationFactor
        var problems: [TopicProblem] = []
        if factor < 3 {
            problems.append(
                TopicProblem(
                    gravity: gravity,
                    message:
                        "replication factor is \(factor), wanted 3 (the cluster has \(brokers) brokers): with the disk of "
                        + "one broker what it holds may be lost",
                    nextStep: brokers >= 3
                        ? "give its partitions 3 replicas: kafka-reassign-partitions" : "use a cluster of three brokers"
                )
            )
        }
        let wanted = factor >= 3 ? 2 : 1
        if let found = topic.number("min.insync.replicas"), factor >= 2, found < wanted || found >= factor {
            problems.append(
                TopicProblem(
                    gravity: found < wanted ? .broken : .advice,
                    message: "min.insync.replicas is \(found), wanted \(wanted) of \(factor) replicas: "
                        + (found < wanted
                            ? "what one broker alone has acknowledged is lost with it"
                            : "nothing can be written while one broker is away"),
                    nextStep: self.alter,
                    changes: ["min.insync.replicas": String(wanted)]
                )
            )
        }
        if topic.settings["unclean.leader.election.enable"] == "true" {
            problems.append(
                TopicProblem(
                    gravity: factor >= 2 ? .broken : .advice,
                    message:
                        "unclean.leader.election.enable is 'true', must be 'false': a replica that lags behind could lead, "
                        + "and what was committed since is lost without a word",
                    nextStep: self.alter,
                    changes: ["unclean.leader.election.enable": "false"]
                )
            )
        }
        return problems
    }
}

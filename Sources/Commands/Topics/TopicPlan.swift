// SPDX-License-Identifier: Apache-2.0

import Kafka
import Worker

/// The four topics as Slipway wants them.
struct TopicPlan: Sendable, Equatable {
    /// One topic as it is wanted.
    struct Wanted: Sendable, Equatable {
        /// What the topic is for.
        enum Role: String, Sendable, CaseIterable { case events, status, journal, dead }

        var role: Role
        var name: String
        /// Settings that must have this value, else the worker can't keep its promises.
        var required: [String: String]
        /// Settings that a new topic gets; operators may choose otherwise.
        var proposed: [String: String]
    }

    /// The topics, events first.
    var topics: [Wanted]
    /// Partitions of each topic that is created.
    var partitionCount: Int
    /// Copies of each partition; `nil` leaves it to the brokers.
    var replicationFactor: Int?

    /// Makes the plan.
    ///
    /// - Parameters:
    ///   - names: Names of the topics.
    ///   - partitionCount: Partitions of each topic that is created.
    ///   - replicationFactor: Copies of each partition; `nil` leaves it to the brokers.
    ///   - dedupeHorizonMilliseconds: How long repeated events are known; events are kept no longer.
    init(
        names: WorkerSettings.Topics,
        partitionCount: Int,
        replicationFactor: Int?,
        dedupeHorizonMilliseconds: Int64
    ) {
        let horizon = String(dedupeHorizonMilliseconds)
        self.partitionCount = partitionCount
        self.replicationFactor = replicationFactor
        self.topics = [
            Wanted(role: .events, name: names.events, required: [:], proposed: ["retention.ms": horizon]),
            Wanted(role: .status, name: names.status, required: [:], proposed: ["retention.ms": horizon]),
            Wanted(
                role: .journal,
                name: names.journal,
                required: ["cleanup.policy": "compact"],
                // Small segments, so that compaction, which spares the newest one, keeps a restore short.
                proposed: ["segment.bytes": "67108864", "min.cleanable.dirty.ratio": "0.2"]
            ),
            Wanted(
                role: .dead,
                name: names.dead,
                required: [:],
                proposed: ["retention.ms": "31536000000", "max.message.bytes": "2097152"]
            ),
        ]
    }
}

/// What is wrong with a topic, and what `topics ensure` can do about it.
struct TopicFinding: Sendable, Equatable {
    /// The kind of finding; the order is the order of gravity.
    enum Kind: String, Sendable, CaseIterable {
        /// The topic does not exist.
        case missing
        /// Events and journal differ in their number of partitions.
        case partitionCount
        /// A setting that the promises rest on is wrong.
        case setting
        /// A setting is unusual: said, never changed without being asked.
        case advice
        /// The brokers don't say, so nothing is known.
        case notCheckable
    }

    var kind: Kind
    var topic: String
    var message: String
    /// The settings that would mend it.
    var changes: [String: String] = [:]

    /// Whether a worker would refuse to start, or break a promise.
    var isProblem: Bool {
        switch self.kind {
        case .missing, .partitionCount, .setting: true
        case .advice, .notCheckable: false
        }
    }
}

extension TopicPlan {
    /// Compares the plan with what is there.
    ///
    /// - Parameters:
    ///   - found: The topics that exist, by name.
    ///   - settings: Settings by topic; one that is absent could not be read.
    /// - Returns: What differs.
    func findings(found: [String: Topic], settings: [String: [String: TopicSetting]]) -> [TopicFinding] {
        var findings: [TopicFinding] = []
        for wanted in self.topics {
            guard found[wanted.name] != nil else {
                findings.append(TopicFinding(kind: .missing, topic: wanted.name, message: "there is no such topic"))
                continue
            }
            guard let settings = settings[wanted.name] else {
                let message = "the brokers don't tell its settings"
                findings.append(TopicFinding(kind: .notCheckable, topic: wanted.name, message: message))
                continue
            }
            findings += self.settingFindings(wanted, settings)
        }
        return findings + self.partitionFindings(found) + self.sizeFindings(settings)
    }

    private func settingFindings(_ wanted: Wanted, _ settings: [String: TopicSetting]) -> [TopicFinding] {
        var findings: [TopicFinding] = []
        for (name, value) in wanted.required.sorted(by: { $0.key < $1.key }) {
            let found = settings[name]?.value ?? ""
            guard found != value else { continue }
            findings.append(
                TopicFinding(
                    kind: .setting,
                    topic: wanted.name,
                    message: "\(name) is '\(found)', must be '\(value)'",
                    changes: [name: value]
                )
            )
        }
        if wanted.role == .events, let policy = settings["cleanup.policy"]?.value, policy.contains("compact") {
            let message =
                "cleanup.policy is '\(policy)': runs of one model share a key, so compaction would drop events"
            findings.append(
                TopicFinding(
                    kind: .setting,
                    topic: wanted.name,
                    message: message,
                    changes: ["cleanup.policy": "delete"]
                )
            )
        }
        if wanted.role == .events, let horizon = wanted.proposed["retention.ms"].flatMap({ Int64($0) }),
            let retention = settings["retention.ms"]?.value.flatMap({ Int64($0) }),
            horizon < TopicRules.leastHorizonMilliseconds(retentionMilliseconds: retention)
        {
            let message =
                "retention.ms is \(retention), longer than journal.dedupeHorizon (\(horizon)): an event older "
                + "than that, consumed again, would be deployed again"
            findings.append(
                TopicFinding(
                    kind: .setting,
                    topic: wanted.name,
                    message: message,
                    changes: ["retention.ms": String(horizon)]
                )
            )
        }
        return findings + self.leastSizeFindings(wanted, settings)
    }

    private func leastSizeFindings(_ wanted: Wanted, _ settings: [String: TopicSetting]) -> [TopicFinding] {
        let least = TopicRules.leastRecordBytes
        guard let limit = settings["max.message.bytes"]?.value.flatMap({ Int($0) }), limit < least else { return [] }
        return [
            TopicFinding(
                kind: .setting,
                topic: wanted.name,
                message: "max.message.bytes is \(limit), must be \(least) or more",
                changes: ["max.message.bytes": String(least)]
            )
        ]
    }

    private func name(_ role: Wanted.Role) -> String { self.topics.first { $0.role == role }?.name ?? "" }

    private func partitionFindings(_ found: [String: Topic]) -> [TopicFinding] {
        let (events, journal) = (self.name(.events), self.name(.journal))
        guard let eventCount = found[events]?.partitionCount, let journalCount = found[journal]?.partitionCount,
            eventCount != journalCount
        else { return [] }
        let message =
            "it has \(journalCount) partitions and '\(events)' has \(eventCount): drain both, then make them equal"
        return [TopicFinding(kind: .partitionCount, topic: journal, message: message)]
    }

    private func sizeFindings(_ settings: [String: [String: TopicSetting]]) -> [TopicFinding] {
        let (events, dead) = (self.name(.events), self.name(.dead))
        func limit(_ topic: String) -> Int? { settings[topic]?["max.message.bytes"]?.value.flatMap { Int($0) } }
        guard let eventLimit = limit(events), let deadLimit = limit(dead), deadLimit <= eventLimit else { return [] }
        let message =
            "max.message.bytes is \(deadLimit), not more than that of '\(events)' (\(eventLimit)): the largest "
            + "dead letters lose their body"
        return [
            TopicFinding(
                kind: .advice,
                topic: dead,
                message: message,
                changes: ["max.message.bytes": String(eventLimit * 2)]
            )
        ]
    }
}

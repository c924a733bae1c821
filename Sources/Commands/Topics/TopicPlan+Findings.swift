// SPDX-License-Identifier: Apache-2.0

import Kafka
import Worker

extension TopicPlan {
    /// Compares the plan with what is there.
    ///
    /// - Parameters:
    ///   - found: The topics that exist, by name.
    ///   - settings: Settings by topic; one that is absent could not be read.
    ///   - brokers: How many brokers the cluster has.
    /// - Returns: What differs.
    func findings(
        found: [String: Topic],
        settings: [String: [String: TopicSetting]],
        brokers: Int
    ) -> [TopicFinding] {
        var findings: [TopicFinding] = []
        for wanted in self.topics {
            guard let topic = found[wanted.name] else {
                findings.append(
                    TopicFinding(
                        kind: .missing,
                        topic: wanted.name,
                        message: "there is no such topic",
                        nextStep: "slipway topics ensure"
                    )
                )
                continue
            }
            guard let settings = settings[wanted.name] else {
                findings.append(
                    TopicFinding(
                        kind: .notCheckable,
                        topic: wanted.name,
                        message: "the brokers don't tell its settings",
                        nextStep: "give the right DescribeConfigs on it"
                    )
                )
                continue
            }
            let described = DescribedTopic(
                role: wanted.role,
                name: wanted.name,
                replicationFactor: topic.replicationFactor,
                settings: settings.compactMapValues(\.value)
            )
            findings += TopicRules.problems(of: described, brokers: brokers, horizonMilliseconds: self.horizon)
                .map { TopicFinding($0, topic: wanted.name) }
        }
        return findings + self.commandsFindings(found) + self.partitionFindings(found)
            + self.inboxRetentionFindings(settings)
            + self.sizeFindings(settings)
    }

    private func commandsFindings(_ found: [String: Topic]) -> [TopicFinding] {
        let name = self.name(.commands)
        guard let count = found[name]?.partitionCount,
            let problem = TopicRules.commandsProblem(name, partitionCount: count)
        else { return [] }
        return [
            TopicFinding(kind: .partitionCount, topic: name, message: problem.message, nextStep: problem.nextStep)
        ]
    }

    private func partitionFindings(_ found: [String: Topic]) -> [TopicFinding] {
        let (inbox, journal) = (self.name(.inbox), self.name(.journal))
        guard let inboxCount = found[inbox]?.partitionCount, let journalCount = found[journal]?.partitionCount,
            inboxCount != journalCount
        else { return [] }
        let (grown, count) = inboxCount > journalCount ? (inbox, journalCount) : (journal, inboxCount)
        return [
            TopicFinding(
                kind: .partitionCount,
                topic: grown,
                message:
                    "it has \(max(inboxCount, journalCount)) partitions and '\(grown == inbox ? journal : inbox)' has "
                    + "\(count): their number is chosen once, because it decides which partition owns a model; those from "
                    + "\(count) on are ignored",
                nextStep: "nothing is lost while workers run on; Kafka can't take partitions away again"
            )
        ]
    }

    /// An event that was passed on waits in the inbox as it would have in its own topic: it must not be deleted sooner.
    private func inboxRetentionFindings(_ settings: [String: [String: TopicSetting]]) -> [TopicFinding] {
        let inbox = self.name(.inbox)
        guard let retention = settings[inbox].flatMap({ Self.number("retention.ms", $0) }), retention >= 0 else {
            return []
        }
        let longest = self.topics.filter { $0.role == .events }.compactMap { topic in
            settings[topic.name].flatMap { Self.number("retention.ms", $0) }.map { (topic.name, $0 < 0 ? .max : $0) }
        }.max { $0.1 < $1.1 }
        // Nobody knows what is older than the horizon; brokers keep a record for as long again as its segment is written to.
        let most = TopicRules.retention(horizonMilliseconds: self.horizon).retentionMilliseconds
        guard let (events, kept) = longest, retention < min(kept, most) else { return [] }
        return [
            TopicFinding(
                kind: .setting,
                topic: inbox,
                message:
                    "retention.ms is \(retention), less than that of '\(events)' (\(kept)): an event that was passed on "
                    + "would be deleted sooner than one that was not",
                nextStep: "slipway topics ensure --alter",
                changes: ["retention.ms": String(min(kept, most))]
            )
        ]
    }

    private func sizeFindings(_ settings: [String: [String: TopicSetting]]) -> [TopicFinding] {
        func limit(_ topic: String) -> Int64? { settings[topic].flatMap { Self.number("max.message.bytes", $0) } }
        let events = self.topics.filter { $0.role == .events }
        let largest = events.compactMap { topic in limit(topic.name).map { (topic.name, $0) } }.max { $0.1 < $1.1 }
        guard let (topic, eventLimit) = largest else { return [] }
        let losses = [
            (self.name(.inbox), "the largest events can't be passed on, and become dead letters"),
            (self.name(.commands), "the largest events can't be replayed"),
            (self.name(.dead), "the largest dead letters lose their body"),
        ]
        return losses.compactMap { name, loss in
            guard let limit = limit(name), limit <= eventLimit else { return nil }
            return TopicFinding(
                kind: .advice,
                topic: name,
                message: "max.message.bytes is \(limit), not more than that of '\(topic)' (\(eventLimit)): \(loss)",
                nextStep: "slipway topics ensure --alter",
                changes: ["max.message.bytes": String(eventLimit * 2)]
            )
        }
    }

    private static func number(_ name: String, _ settings: [String: TopicSetting]) -> Int64? {
        settings[name]?.value.flatMap { Int64($0) }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Kafka
import Worker

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
            findings += self.policyFindings(wanted, settings) + self.retentionFindings(wanted, settings)
            findings += self.leastSizeFindings(wanted, settings)
        }
        return findings + self.partitionFindings(found) + self.inboxRetentionFindings(settings)
            + self.sizeFindings(settings)
    }

    private func policyFindings(_ wanted: Wanted, _ settings: [String: TopicSetting]) -> [TopicFinding] {
        var findings: [TopicFinding] = []
        for (name, value) in wanted.required.sorted(by: { $0.key < $1.key }) {
            let found = settings[name]?.value ?? ""
            guard found != value else { continue }
            let message = "\(name) is '\(found)', must be '\(value)'"
            findings.append(self.finding(wanted.name, message, [name: value]))
        }
        if wanted.role == .events, let policy = settings["cleanup.policy"]?.value, policy.contains("compact") {
            let message =
                "cleanup.policy is '\(policy)': runs of one model share a key, so compaction would drop events"
            findings.append(self.finding(wanted.name, message, ["cleanup.policy": "delete"]))
        }
        return findings
    }

    private func retentionFindings(_ wanted: Wanted, _ settings: [String: TopicSetting]) -> [TopicFinding] {
        guard wanted.role == .events || wanted.role == .inbox, let retention = Self.number("retention.ms", settings),
            self.horizon < TopicRules.leastHorizonMilliseconds(retentionMilliseconds: retention)
        else { return [] }
        let message =
            "retention.ms is \(retention), longer than journal.dedupeHorizon (\(self.horizon)): an event older "
            + "than that, consumed again, would be deployed again"
        return [self.finding(wanted.name, message, ["retention.ms": String(self.horizon)])]
    }

    private func leastSizeFindings(_ wanted: Wanted, _ settings: [String: TopicSetting]) -> [TopicFinding] {
        let least = TopicRules.leastRecordBytes
        guard let limit = Self.number("max.message.bytes", settings), limit < least else { return [] }
        let message = "max.message.bytes is \(limit), must be \(least) or more"
        return [self.finding(wanted.name, message, ["max.message.bytes": String(least)])]
    }

    private func partitionFindings(_ found: [String: Topic]) -> [TopicFinding] {
        let (inbox, journal) = (self.name(.inbox), self.name(.journal))
        guard let inboxCount = found[inbox]?.partitionCount, let journalCount = found[journal]?.partitionCount,
            inboxCount != journalCount
        else { return [] }
        let message =
            "it has \(journalCount) partitions and '\(inbox)' has \(inboxCount): they must have the same number, which is "
            + "chosen once, because it decides which partition owns a model; make the one that was changed again"
        return [TopicFinding(kind: .partitionCount, topic: journal, message: message)]
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
        guard let (events, kept) = longest, retention < min(kept, self.horizon) else { return [] }
        let message =
            "retention.ms is \(retention), less than that of '\(events)': an event that was passed on would be deleted sooner "
            + "than one that was not"
        return [self.finding(inbox, message, ["retention.ms": String(self.horizon)])]
    }

    private func sizeFindings(_ settings: [String: [String: TopicSetting]]) -> [TopicFinding] {
        func limit(_ topic: String) -> Int64? { settings[topic].flatMap { Self.number("max.message.bytes", $0) } }
        let events = self.topics.filter { $0.role == .events }
        let largest = events.compactMap { topic in limit(topic.name).map { (topic.name, $0) } }.max { $0.1 < $1.1 }
        guard let (topic, eventLimit) = largest else { return [] }
        let losses = [
            (self.name(.inbox), "the largest events can't be passed on, and become dead letters"),
            (self.name(.dead), "the largest dead letters lose their body"),
        ]
        return losses.compactMap { name, loss in
            guard let limit = limit(name), limit <= eventLimit else { return nil }
            return TopicFinding(
                kind: .advice,
                topic: name,
                message: "max.message.bytes is \(limit), not more than that of '\(topic)' (\(eventLimit)): \(loss)",
                changes: ["max.message.bytes": String(eventLimit * 2)]
            )
        }
    }

    private func finding(_ topic: String, _ message: String, _ changes: [String: String]) -> TopicFinding {
        TopicFinding(kind: .setting, topic: topic, message: message, changes: changes)
    }

    private static func number(_ name: String, _ settings: [String: TopicSetting]) -> Int64? {
        settings[name]?.value.flatMap { Int64($0) }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Kafka

/// Reads and makes topics on a cluster, by a plan.
struct TopicKeeper: Sendable {
    let admin: Admin
    let plan: TopicPlan

    /// Compares the cluster with the plan.
    func findings() async throws(KafkaError) -> [TopicFinding] {
        let found = try await self.admin.topics()
        var settings: [String: [String: TopicSetting]] = [:]
        for wanted in self.plan.topics where found[wanted.name] != nil {
            do throws(KafkaError) {
                settings[wanted.name] = try await self.admin.settings(ofTopic: wanted.name, timeout: .seconds(5))
            } catch {
                // Without the right to describe settings, and on a mock cluster, the finding says "not checkable".
                guard error.isAuthorization || error.isTimeout else { throw error }
            }
        }
        return self.plan.findings(found: found, settings: settings)
    }

    /// What was done to one topic.
    struct Change: Sendable, Equatable {
        var topic: String
        var message: String
    }

    /// Creates what is missing, and changes settings where that was asked for.
    ///
    /// A new inbox or journal takes the number of partitions of the other one, where that exists.
    ///
    /// - Parameters:
    ///   - findings: What `findings()` said.
    ///   - alters: Whether settings of existing topics may be changed.
    /// - Returns: What was done.
    /// - Throws: `KafkaError` for the first thing that could not be done.
    func repair(_ findings: [TopicFinding], alters: Bool) async throws(KafkaError) -> [Change] {
        var changes = try await self.create(findings.filter { $0.kind == .missing }.map(\.topic))
        guard alters else { return changes }
        for finding in findings where !finding.changes.isEmpty {
            try await self.admin.changeSettings(ofTopic: finding.topic, finding.changes.mapValues { $0 })
            let list = finding.changes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(
                separator: ", "
            )
            changes.append(Change(topic: finding.topic, message: "set \(list)"))
        }
        return changes
    }

    private func create(_ names: [String]) async throws(KafkaError) -> [Change] {
        guard !names.isEmpty else { return [] }
        let counts = try await self.admin.topics().mapValues(\.partitionCount)
        let wanted = self.plan.topics.filter { names.contains($0.name) }
        let new = wanted.map { topic in
            NewTopic(
                name: topic.name,
                partitionCount: self.plan.partitionCount(of: topic, found: counts),
                replicationFactor: self.plan.replicationFactor,
                settings: topic.required.merging(topic.proposed) { required, _ in required }
            )
        }
        let failed = try await self.admin.createTopics(new)
        if let failure = failed.values.first(where: { !$0.isTopicExists }) { throw failure }
        return new.map { topic in
            let count = topic.partitionCount.map(String.init) ?? "the brokers' number of"
            return Change(topic: topic.name, message: "created with \(count) partitions")
        }
    }
}

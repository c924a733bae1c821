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
        return self.plan.findings(found: found, settings: settings, brokers: try await self.admin.brokerCount())
    }

    /// What was done to one topic.
    struct Change: Sendable, Equatable {
        var topic: String
        var message: String
    }

    /// What may be done to topics that exist.
    struct Permission: Sendable, Equatable {
        /// Whether wrong settings may be changed.
        var alters = false
        /// Whether that goes for settings by which records are deleted sooner than now, too.
        var shortens = false
        /// Whether everything is only said.
        var isDry = false
    }

    /// Creates what is missing, and changes settings where that was asked for.
    ///
    /// A new inbox or journal takes the number of partitions of the other one, where that exists.
    ///
    /// - Parameters:
    ///   - findings: What `findings()` said.
    ///   - permission: What may be done to topics that exist.
    /// - Returns: What was done, or would be.
    /// - Throws: `KafkaError` for the first thing that could not be done.
    func repair(_ findings: [TopicFinding], _ permission: Permission) async throws(KafkaError) -> [Change] {
        let missing = findings.filter { $0.kind == .missing }.map(\.topic)
        var changes = try await self.create(missing, isDry: permission.isDry)
        guard permission.alters else { return changes }
        // What one finding asks for another may ask for, too; a topic is written once.
        var wanted: [String: [String: String]] = [:]
        for finding in findings where !finding.changes.isEmpty && (permission.shortens || !finding.shortens) {
            wanted[finding.topic, default: [:]].merge(finding.changes) { first, _ in first }
        }
        for (topic, settings) in wanted.sorted(by: { $0.key < $1.key }) {
            let found = try await self.admin.settings(ofTopic: topic).mapValues(\.value)
            if !permission.isDry { try await self.admin.changeSettings(ofTopic: topic, settings.mapValues { $0 }) }
            let list = settings.sorted { $0.key < $1.key }.map { name, value in
                "\(name)=\(value) (was \((found[name] ?? nil) ?? "not set"))"
            }
            let verb = permission.isDry ? "would set" : "set"
            changes.append(Change(topic: topic, message: "\(verb) \(list.joined(separator: ", "))"))
        }
        return changes
    }

    private func create(_ names: [String], isDry: Bool) async throws(KafkaError) -> [Change] {
        guard !names.isEmpty else { return [] }
        let durability = self.plan.durability(brokers: try await self.admin.brokerCount())
        let counts = try await self.admin.topics().mapValues(\.partitionCount)
        let wanted = self.plan.topics.filter { names.contains($0.name) }
        let new = wanted.map { topic in
            NewTopic(
                name: topic.name,
                partitionCount: self.plan.partitionCount(of: topic, found: counts),
                replicationFactor: durability.replicationFactor,
                settings: topic.settings.merging(durability.settings) { own, _ in own }
            )
        }
        guard !isDry else {
            return new.map { topic in
                let list = topic.settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                let copies = topic.replicationFactor.map { "\($0)" } ?? "the brokers' number of"
                let count = topic.partitionCount.map(String.init) ?? "the brokers' number of"
                let what = "would be created with \(count) partitions, \(copies) replicas, "
                return Change(topic: topic.name, message: what + list.joined(separator: ", "))
            }
        }
        let failed = try await self.admin.createTopics(new)
        if let failure = failed.values.first(where: { !$0.isTopicExists }) { throw failure }
        return new.map { topic in
            let count = topic.partitionCount.map(String.init) ?? "the brokers' number of"
            return Change(topic: topic.name, message: "created with \(count) partitions")
        }
    }
}

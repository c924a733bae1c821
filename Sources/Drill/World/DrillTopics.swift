// SPDX-License-Identifier: Apache-2.0

import Kafka
import Values

/// The topics and the group of one drill, made for it and deleted after it.
struct DrillTopics: Sendable, Equatable {
    let group: String
    let events: String
    /// The event topic of a tenant that nobody trusts; `nil` for none.
    let tenant: String?
    let inbox: String
    let status: String
    let journal: String
    let commands: String
    let dead: String

    /// Names that no other drill has; the inbox sorts before the events, as it does in the default settings, because a
    /// cooperative group hands partitions over in the order of their topics' names.
    ///
    /// - Parameter hasTenant: Whether there is a topic of a tenant's, too.
    init(hasTenant: Bool = false) {
        let mark = String(UInt64.random(in: .min ... .max), radix: 36)
        self.group = "drill-\(mark)"
        self.events = "drill-experiments-\(mark)"
        self.tenant = hasTenant ? "\(DrillTopics.tenantPrefix)\(mark)" : nil
        self.inbox = "drill-deployments-inbox-\(mark)"
        self.status = "drill-status-\(mark)"
        self.journal = "drill-journal-\(mark)"
        self.commands = "drill-commands-\(mark)"
        self.dead = "drill-dead-\(mark)"
    }

    /// What the names of tenants' topics begin with; rights on them are given by it.
    static let tenantPrefix = "drill-tenant-"

    /// Those that nobody but workers, honest teams and operators may write to.
    var trusted: [String] { [self.events, self.inbox, self.status, self.journal, self.commands, self.dead] }

    private var names: [String] { self.trusted + [self.tenant].compactMap(\.self) }

    /// The event topics.
    var allEvents: [String] { [self.events] + [self.tenant].compactMap(\.self) }

    /// How many partitions each topic has.
    private func partitionCount(of name: String, _ settings: DrillSettings) -> Int {
        switch name {
        case self.events, self.tenant: settings.eventPartitionCount
        case self.commands: 1
        default: settings.inboxPartitionCount
        }
    }

    /// Every partition of every topic.
    func partitions(_ settings: DrillSettings) -> [TopicPartition] {
        self.names.flatMap { TopicPartition.all(of: $0, count: self.partitionCount(of: $0, settings)) }
    }

    /// Makes the topics.
    ///
    /// - Throws: `KafkaError` for the first one that can't be made.
    func create(_ settings: DrillSettings, _ kafka: KafkaProperties) async throws {
        try await DrillTopics.withAdmin(kafka) { admin in
            let failures = try await admin.createTopics(
                self.names.map { name in
                    NewTopic(
                        name: name,
                        partitionCount: self.partitionCount(of: name, settings),
                        settings: self.settings(of: name)
                    )
                }
            )
            if let failure = failures.values.first { throw failure }
        }
    }

    private func settings(of name: String) -> [String: String] {
        switch name {
        // Compacted as it must be, but not before the ledger has seen who wrote what.
        case self.journal: ["cleanup.policy": "compact", "min.compaction.lag.ms": "86400000"]
        case self.events, self.tenant, self.commands: ["compression.type": "uncompressed"]
        default: [:]
        }
    }

    /// Deletes the topics.
    ///
    /// - Throws: `KafkaError` for the first one that can't be deleted.
    func delete(_ kafka: KafkaProperties) async throws {
        try await DrillTopics.withAdmin(kafka) { admin in
            let failures = try await admin.deleteTopics(self.names)
            if let failure = failures.values.first(where: { !$0.isUnknownTopic }) { throw failure }
        }
    }

    private static func withAdmin(_ kafka: KafkaProperties, _ body: (Admin) async throws -> Void) async throws {
        let admin = try Admin(properties: kafka)
        do {
            try await body(admin)
        } catch {
            await admin.close()
            throw error
        }
        await admin.close()
    }
}

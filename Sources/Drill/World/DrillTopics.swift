// SPDX-License-Identifier: Apache-2.0

import Kafka
import Values

/// The topics and the group of one drill, made for it and deleted after it.
struct DrillTopics: Sendable, Equatable {
    let group: String
    let events: String
    let status: String
    let journal: String
    let dead: String

    /// Names that no other drill has.
    init() {
        let mark = String(UInt64.random(in: .min ... .max), radix: 36)
        self.group = "drill-\(mark)"
        self.events = "drill-events-\(mark)"
        self.status = "drill-status-\(mark)"
        self.journal = "drill-journal-\(mark)"
        self.dead = "drill-dead-\(mark)"
    }

    private var names: [String] { [self.events, self.status, self.journal, self.dead] }

    /// Every partition of every topic.
    func partitions(_ count: Int) -> [TopicPartition] {
        self.names.flatMap { name in TopicPartition.all(of: name, count: count) }
    }

    /// Makes the topics.
    ///
    /// - Throws: `KafkaError` for the first one that can't be made.
    func create(partitionCount: Int, _ kafka: KafkaProperties) async throws {
        try await DrillTopics.withAdmin(kafka) { admin in
            let failures = try await admin.createTopics(
                self.names.map { name in
                    // Compacted as it must be, but not before the ledger has seen who wrote what.
                    let settings = ["cleanup.policy": "compact", "min.compaction.lag.ms": "86400000"]
                    return NewTopic(
                        name: name,
                        partitionCount: partitionCount,
                        settings: name == self.journal ? settings : [:]
                    )
                }
            )
            if let failure = failures.values.first { throw failure }
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

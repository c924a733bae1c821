// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Kafka

/// Kafka clusters and topics for one test each.
package enum KafkaFixture {
    /// Where a genuine cluster listens (`KAFKA_BOOTSTRAP`), or `nil` when the tests run without one.
    package static var genuineBootstrap: String? {
        getenv("KAFKA_BOOTSTRAP").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Returns a name that no other test uses.
    package static func uniqueName(_ prefix: String) -> String {
        "\(prefix)-\(String(UInt64.random(in: .min ... .max), radix: 36))"
    }

    /// Runs `body` with a mock cluster that has the given topics, and ends the cluster.
    ///
    /// - Parameters:
    ///   - topics: Partition counts by name.
    ///   - extra: Properties beside the address.
    ///   - body: Takes the cluster and properties that lead to it.
    /// - Throws: What `body` throws, or that the cluster can't be made.
    package static func withMock(
        topics: [String: Int] = [:],
        extra: [KafkaProperties.Property] = [],
        _ body: (MockCluster, KafkaProperties) async throws -> Void
    ) async throws {
        let cluster = try MockCluster()
        do {
            for (name, count) in topics { try await cluster.createTopic(name, partitionCount: count) }
            let properties = try KafkaProperties([.init("bootstrap.servers", cluster.bootstrapServers)] + extra)
            try await body(cluster, properties)
        } catch {
            await cluster.close()
            throw error
        }
        await cluster.close()
    }

    /// Runs `body` with a new topic of the genuine cluster, and deletes the topic.
    ///
    /// - Parameters:
    ///   - partitionCount: Partitions of the topic.
    ///   - settings: The topic's own settings.
    ///   - body: Takes properties that lead to the cluster, and the topic's name.
    /// - Throws: What `body` throws, or that the topic can't be made.
    package static func withGenuineTopic(
        partitionCount: Int,
        settings: [String: String] = [:],
        _ body: (KafkaProperties, String) async throws -> Void
    ) async throws {
        let properties = try KafkaProperties(bootstrapServers: self.genuineBootstrap ?? "")
        let admin = try Admin(properties: properties)
        let topic = self.uniqueName("test")
        let new = NewTopic(name: topic, partitionCount: partitionCount, replicationFactor: 1, settings: settings)
        let failures = try await admin.createTopics([new])
        if let failure = failures[topic] {
            await admin.close()
            throw failure
        }
        do {
            try await body(properties, topic)
        } catch {
            _ = try await admin.deleteTopics([topic])
            await admin.close()
            throw error
        }
        _ = try await admin.deleteTopics([topic])
        await admin.close()
    }
}

// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import Kafka
package import WorkbenchSandbox

/// What a demo needs around the worker, in one process: a mock Kafka with the topics, and a sandbox.
package struct DemoHost: Sendable {
    /// Names of the topics, as by default.
    package struct Topics: Sendable, Equatable {
        /// Events about finished runs.
        package var events = "experiments.finished"
        /// Events on their way to their owner, the worker's own.
        package var inbox = "deployments.inbox"
        /// What becomes of them.
        package var status = "deployments.status"
        /// The worker's own.
        package var journal = "deployments.journal"
        /// What operators ask for.
        package var commands = "deployments.commands"
        /// Events that can't be understood.
        package var dead = "experiments.finished.dead"

        /// The default names.
        package init() {}

        /// Topics whose number of partitions is chosen once.
        var owning: [String] { [self.inbox, self.journal] }
        /// The others; that of the commands has one partition.
        var others: [String] { [self.events, self.status, self.dead] }
    }

    /// Numbers of partitions.
    package struct PartitionCounts: Sendable, Equatable {
        /// Of inbox and journal; 1 or more.
        package var owning: Int
        /// Of the other topics; 1 or more.
        package var others: Int

        /// Creates numbers; by default two that differ, so that workers pass events on.
        package init(owning: Int = 6, others: Int = 4) {
            self.owning = owning
            self.others = others
        }
    }

    /// Names of the topics.
    package let topics: Topics
    /// Numbers of partitions.
    package let partitionCounts: PartitionCounts
    /// Root of the workbench.
    package let url: String
    private let apiKey: String
    private let cluster: MockCluster
    private let server: SandboxServer

    /// Starts both.
    ///
    /// - Parameters:
    ///   - sandbox: Settings of the sandbox.
    ///   - topics: Names of the topics.
    ///   - partitionCounts: Numbers of partitions.
    /// - Throws: `KafkaError`, or what keeps the sandbox from starting; then nothing runs.
    package init(
        sandbox: SandboxServer.Settings,
        topics: Topics = Topics(),
        partitionCounts: PartitionCounts = PartitionCounts()
    ) async throws {
        let server = try SandboxServer(settings: sandbox)
        self.topics = topics
        self.partitionCounts = partitionCounts
        self.apiKey = sandbox.apiKey
        self.server = server
        self.cluster = try MockCluster()
        do {
            for topic in topics.owning {
                try await self.cluster.createTopic(topic, partitionCount: partitionCounts.owning)
            }
            try await self.cluster.createTopic(topics.commands, partitionCount: 1)
            for topic in topics.others {
                try await self.cluster.createTopic(topic, partitionCount: partitionCounts.others)
            }
            self.url = try server.start().url
        } catch {
            await self.cluster.close()
            throw error
        }
    }

    /// Where Kafka's clients connect.
    package var bootstrapServers: String { self.cluster.bootstrapServers }

    /// The line of JSON by which whoever started it finds everything.
    package var announcement: String {
        let line = JSONWriter.object { writer in
            writer.field("bootstrapServers", self.bootstrapServers)
            writer.field("url", self.url)
            writer.field("apiKey", self.apiKey)
            writer.field("modelServiceURL", self.url + ModelService.root)
            writer.object("topics") { writer in
                writer.field("events", self.topics.events)
                writer.field("inbox", self.topics.inbox)
                writer.field("status", self.topics.status)
                writer.field("journal", self.topics.journal)
                writer.field("commands", self.topics.commands)
                writer.field("dead", self.topics.dead)
            }
            writer.field("partitions", self.partitionCounts.others)
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// Ends both.
    package func stop() async {
        await self.server.stop()
        await self.cluster.close()
    }
}

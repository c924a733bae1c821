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
        /// What becomes of them.
        package var status = "deployments.status"
        /// The worker's own.
        package var journal = "deployments.journal"
        /// Events that can't be understood.
        package var dead = "experiments.finished.dead"

        /// The default names.
        package init() {}

        /// All names.
        package var all: [String] { [self.events, self.status, self.journal, self.dead] }
    }

    /// Names of the topics.
    package let topics: Topics
    /// Partitions of each topic.
    package let partitionCount: Int
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
    ///   - partitionCount: Partitions of each topic; 1 or more.
    /// - Throws: `KafkaError`, or what keeps the sandbox from starting; then nothing runs.
    package init(sandbox: SandboxServer.Settings, topics: Topics = Topics(), partitionCount: Int = 6) async throws {
        let server = try SandboxServer(settings: sandbox)
        self.topics = topics
        self.partitionCount = partitionCount
        self.apiKey = sandbox.apiKey
        self.server = server
        self.cluster = try MockCluster()
        do {
            for topic in topics.all { try await self.cluster.createTopic(topic, partitionCount: partitionCount) }
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
                writer.field("status", self.topics.status)
                writer.field("journal", self.topics.journal)
                writer.field("dead", self.topics.dead)
            }
            writer.field("partitions", self.partitionCount)
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// Ends both.
    package func stop() async {
        await self.server.stop()
        await self.cluster.close()
    }
}

// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Values
import WorkbenchAPI
import Worker

/// What the commands about the journal need of the settings.
struct JournalAccess: Sendable {
    let kafka: KafkaAccess
    let topics: TopicNames
    let groupID: String
    /// The workbench as start records name it; `nil` where none is configured.
    let workbench: String?

    /// Takes over the settings.
    ///
    /// - Throws: `ConfigurationProblem` for an address of the workbench that is none.
    init(_ configuration: Configuration) throws(ConfigurationProblem) {
        self.kafka = configuration.kafkaAccess
        self.topics = configuration.topics
        self.groupID = configuration.groupID
        guard !configuration.workbench.url.isEmpty else {
            self.workbench = nil
            return
        }
        do throws(ServiceURL.Invalid) {
            self.workbench = try ServiceURL(configuration.workbench.url).description
        } catch {
            throw ConfigurationProblem("workbench.url: \(error)")
        }
    }

    /// Runs `body` with a client that asks the brokers, and closes it.
    func withAdmin<Result>(_ body: (Admin) async throws -> Result) async throws -> Result {
        let admin = try Admin(properties: try self.kafka.properties())
        do {
            let result = try await body(admin)
            await admin.close()
            return result
        } catch {
            await admin.close()
            throw error
        }
    }

    /// Writes records to the journal, one after the other.
    func write(_ records: [ProducerRecord]) async throws {
        let producer = try Producer(properties: try self.kafka.properties())
        let results = await producer.sendAll(records)
        await producer.close()
        for result in results { _ = try result.get() }
    }
}

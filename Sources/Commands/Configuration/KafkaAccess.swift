// SPDX-License-Identifier: Apache-2.0

package import CommandTable
package import Kafka
package import Rollouts

/// What a command that only talks to Kafka needs of the settings.
package struct KafkaAccess: Sendable {
    /// Reads the settings of one invocation.
    ///
    /// Throws for settings that are wrong; the command then ends without having done anything.
    package typealias Loader = @Sendable (Invocation, Output) throws -> KafkaAccess

    /// librdkafka's properties as the user gave them.
    package var properties: [KafkaProperties.Property]
    /// Names of the event topics, in the order of the settings; at least one.
    package var eventTopics: [String]
    /// Name of the status topic.
    package var statusTopic: String
    /// Name of the commands topic.
    package var commandsTopic: String
    /// What workers of this configuration take of an event.
    package var eventLimits: EventLimits

    /// Creates access.
    package init(
        properties: [KafkaProperties.Property],
        eventTopics: [String],
        statusTopic: String,
        commandsTopic: String,
        eventLimits: EventLimits = EventLimits()
    ) {
        self.properties = properties
        self.eventTopics = eventTopics
        self.statusTopic = statusTopic
        self.commandsTopic = commandsTopic
        self.eventLimits = eventLimits
    }

    /// Returns the event topics that an invocation is about: the one that `--topic` names, else all.
    ///
    /// - Throws: `UsageError` for a name that is not among the configured ones.
    func eventTopics(choosing name: String?) throws(UsageError) -> [String] {
        guard let name else { return self.eventTopics }
        guard self.eventTopics.contains(name) else {
            let names = self.eventTopics.map { "'\($0)'" }.joined(separator: ", ")
            throw UsageError("option '--topic': '\(name)' is none of topics.events: \(names)")
        }
        return [name]
    }

    /// Where the user says that Kafka is, for messages.
    var bootstrapServers: String {
        self.properties.last { $0.name == "bootstrap.servers" }?.value ?? "kafka.bootstrap.servers is not set"
    }

    /// Returns the checked properties, with further ones where the user has not set them.
    func properties(
        or defaults: [KafkaProperties.Property] = []
    ) throws(KafkaPropertyError) -> KafkaProperties {
        let given = Set(self.properties.map(\.name))
        return try KafkaProperties(defaults.filter { !given.contains($0.name) } + self.properties)
    }

    /// Describes a topic that must be there.
    ///
    /// Also the first thing that each command does with Kafka, so that a wrong address is told at once.
    func topic(_ name: String, timeout: Duration = .seconds(10)) async throws -> Topic {
        let admin = try Admin(properties: try self.properties())
        let result: Result<Topic?, KafkaError>
        do throws(KafkaError) {
            result = .success(try await admin.topic(name, timeout: timeout))
        } catch {
            result = .failure(error)
        }
        await admin.close()
        guard let topic = try result.get() else { throw MissingTopic(name: name) }
        return topic
    }
}

/// A topic that the command needs does not exist, or may not be seen.
struct MissingTopic: Error, Equatable, CustomStringConvertible {
    let name: String

    var description: String { "there is no topic '\(self.name)'; 'slipway topics ensure' creates it" }
}

extension KafkaAccess {
    /// Runs a command's work with Kafka and turns what Kafka or the properties refuse into an exit status.
    ///
    /// - Parameters:
    ///   - command: Name of the command, for messages.
    ///   - output: Where messages go.
    ///   - body: The work.
    /// - Returns: What `body` returned, or the status for its failure.
    /// - Throws: What `body` throws and is no error of Kafka's.
    func reporting(
        _ command: String,
        _ output: Output,
        _ body: () async throws -> ExitStatus
    ) async throws -> ExitStatus {
        do {
            return try await body()
        } catch let error as KafkaError {
            output.writeErrorLine("slipway \(command): \(error)")
            guard !error.isClientImpossible else { return .configuration }
            guard error.isOutage || error.isTimeout || error.isTransport || error.isAuthentication else {
                return .failure
            }
            guard !error.isAuthentication else { return .unavailable }
            output.writeErrorLine("Kafka (\(self.bootstrapServers)) cannot be used; check kafka.bootstrap.servers.")
            return .unavailable
        } catch let error as KafkaPropertyError {
            output.writeErrorLine("slipway \(command): \(error)")
            return .configuration
        }
    }
}

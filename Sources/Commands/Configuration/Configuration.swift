// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Telemetry
import Values
import Worker

/// What the commands need of the settings, in the types of the parts that they go to.
struct Configuration: Sendable {
    /// What works and is weak: told at each start and by readiness, one line each.
    var warnings: [String] = []
    /// librdkafka's properties.
    var kafka: [KafkaProperties.Property] = []
    /// Consumer group.
    var groupID = "slipway"
    /// Name of a static member.
    var groupInstanceID: String?
    /// The prefix of transactional ids.
    var transactionalIDPrefix = "slipway"
    /// How long a dead worker's transaction may hold readers back.
    var transactionTimeout = Duration.seconds(10)
    /// After how long without a heartbeat a worker is taken for dead.
    var sessionTimeout = Duration.seconds(45)
    /// The topics.
    var topics = TopicNames()
    /// From where the events of a topic count that was never read before; `nil` for from now on.
    var startFrom: TopicStart?
    /// Unfinished rollouts at which intake pauses.
    var maximumUnfinished = 20_000
    /// The largest event.
    var maximumEventBytes = 256 << 10
    /// How long repeated events are known.
    var dedupeHorizon = Duration.seconds(30 * 86_400)
    /// After how long without progress readiness says so.
    var stallAfter = Duration.seconds(60)
    /// After how long a stuck worker ends; zero for never.
    var exitAfter = Duration.seconds(600)
    /// The workbench.
    var workbench = WorkbenchSettings()
    /// Path of the routes file.
    var routesPath = ""
    /// Where operations listen: `host:port`.
    var operationsAddress = "127.0.0.1:9464"
    /// Retries, budget and times of rollouts.
    var policy = Coordinator.Policy()
    /// Time that stopping waits for calls and records under way.
    var stopTimeout = Duration.seconds(25)
    /// The lowest level that is logged.
    var logLevel = LogLevel.info
    /// How log lines look; `nil` means human on a terminal, else JSON.
    var logFormat: LogFormat?
}

/// What the settings say of the workbench.
struct WorkbenchSettings: Sendable {
    /// Address, such as `https://workbench.example.com`.
    var url = ""
    /// The key itself, from the environment.
    var apiKey: Secret?
    /// A file that holds the key, read again when it is refused.
    var apiKeyFile: String?
    /// The project of events that name none.
    var projectID: String?
    /// File of certificate authorities.
    var caBundle: String?
    /// Whether the server's certificate is checked.
    var verifyTLS = true
    /// Where models are served; `nil` for `modelservice.` and the workbench's host.
    var modelServiceURL: String?
}

extension Configuration {
    /// What commands that only talk to Kafka need.
    var kafkaAccess: KafkaAccess {
        KafkaAccess(
            properties: self.kafka,
            eventTopics: self.topics.events,
            statusTopic: self.topics.status,
            commandsTopic: self.topics.commands,
            eventLimits: EventLimits(maximumBytes: self.maximumEventBytes)
        )
    }
}

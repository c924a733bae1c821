// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Kafka
import Rollouts
import Telemetry
import Worker

/// The options by which every command finds its configuration.
enum ConfigurationOptions {
    /// The options.
    static let all: [Option] = [
        Option("config", .value("FILE", .file), help: "The configuration file.", environment: "SLIPWAY_CONFIG")
    ]

    /// Reads the configuration of one invocation.
    static func load(_ invocation: Invocation) throws -> Configuration {
        let env = invocation.environment
        var c = Configuration()
        for (name, value) in env where name.hasPrefix("SLIPWAY_KAFKA_") {
            let key = name.dropFirst("SLIPWAY_KAFKA_".count).lowercased().split(separator: "_").joined(separator: ".")
            if key == "group.id" {
                c.groupID = value
                continue
            }
            c.kafka.append(KafkaProperties.Property(key, value))
        }
        if let v = env["SLIPWAY_TOPICS_EVENTS"] { c.topics.events = v }
        if let v = env["SLIPWAY_TOPICS_STATUS"] { c.topics.status = v }
        if let v = env["SLIPWAY_TOPICS_JOURNAL"] { c.topics.journal = v }
        if let v = env["SLIPWAY_TOPICS_DEAD"] { c.topics.dead = v }
        c.workbench.url = env["SLIPWAY_WORKBENCH_URL"] ?? ""
        c.workbench.apiKey = env["SLIPWAY_WORKBENCH_API_KEY"].map { Secret($0) }
        c.workbench.modelServiceURL = env["SLIPWAY_WORKBENCH_MODEL_SERVICE_URL"]
        c.workbench.projectID = env["CDSW_PROJECT_ID"]
        if env["SLIPWAY_INTAKE_START_FROM"] == "beginning" { c.startFrom = .beginning }
        if let v = env["SLIPWAY_OPERATIONS_ADDRESS"] { c.operationsAddress = v }
        if let v = env["SLIPWAY_WORKBENCH_MAXIMUM_CONCURRENT_CALLS"].flatMap({ Int($0) }) {
            c.policy.maximumConcurrentCalls = v
        }
        if let v = env["SLIPWAY_INTAKE_MAXIMUM_UNFINISHED"].flatMap({ Int($0) }) { c.maximumUnfinished = v }
        if env["SLIPWAY_POLLING_MINIMUM"] != nil { c.policy.retry.pollMinimum = .milliseconds(5) }
        if let v = env["SLIPWAY_LOG_LEVEL"].flatMap({ LogLevel(rawValue: $0) }) { c.logLevel = v }
        return c
    }
}

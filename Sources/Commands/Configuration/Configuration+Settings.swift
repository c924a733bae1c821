// SPDX-License-Identifier: Apache-2.0

import Kafka
import Notation
import Rollouts
import Settings
import Telemetry
import Values
import Worker

/// How checked settings become what the parts take.
extension Configuration {
    /// Takes over all settings.
    init(_ settings: Settings) {
        self.init()
        self.kafka = settings.properties.map { property in
            KafkaProperties.Property(property.name, property.value.text ?? property.value.secret?.reveal() ?? "")
        }
        self.groupID = settings.required(.kafkaGroupID)
        self.groupInstanceID = settings.text(.kafkaGroupInstanceID).flatMap { $0.isEmpty ? nil : $0 }
        self.transactionalIDPrefix = settings.required(.kafkaTransactionalIDPrefix)
        self.transactionTimeout = .milliseconds(settings.integer(.kafkaTransactionTimeout))
        self.sessionTimeout = .milliseconds(settings.integer(.kafkaSessionTimeout))
        self.topics = TopicNames(
            events: settings.list(.topicsEvents),
            inbox: settings.required(.topicsInbox),
            journal: settings.required(.topicsJournal),
            commands: settings.required(.topicsCommands),
            status: settings.required(.topicsStatus),
            dead: settings.required(.topicsDead)
        )
        self.startFrom = TopicStart(setting: settings.required(.intakeStartFrom))
        self.maximumUnfinished = settings.integer(.intakeMaximumUnfinished)
        self.maximumEventBytes = settings.bytes(.intakeMaximumEventBytes).bytes
        self.dedupeHorizon = settings.duration(.journalDedupeHorizon)
        self.workbench = WorkbenchSettings(settings)
        self.routesPath = settings.path(.routes) ?? ""
        self.operationsAddress = settings.required(.operationsAddress)
        self.policy = Coordinator.Policy(settings)
        self.stallAfter = settings.duration(.progressStallAfter)
        self.exitAfter = settings.duration(.progressExitAfter)
        self.stopTimeout = settings.duration(.shutdownDeadline)
        self.warnings = WorkbenchAddresses(settings).warnings.map(\.lineWithKeyFirst)
        self.logLevel = LogLevel(rawValue: settings.required(.logLevel)) ?? self.logLevel
        self.logFormat = LogFormat(setting: settings.required(.logFormat))
    }
}

extension WorkbenchSettings {
    fileprivate init(_ settings: Settings) {
        self.init()
        self.url = settings.text(.workbenchURL) ?? ""
        // Of the two ways to give the key the one from the higher layer counts alone.
        switch settings.keySource {
        case SettingKey.workbenchAPIKeyFile: self.apiKeyFile = settings.path(.workbenchAPIKeyFile)
        default: self.apiKey = settings.secret(.workbenchAPIKey)
        }
        self.projectID = settings.text(.workbenchProjectID)
        self.caBundle = settings.path(.workbenchCABundle)
        self.verifyTLS = settings.flag(.workbenchVerifyTLS)
        self.modelServiceURL = settings.text(.workbenchModelServiceURL)
    }
}

extension Coordinator.Policy {
    fileprivate init(_ settings: Settings) {
        self.init(
            retry: RetryPolicy(
                maximumAttempts: settings.integer(.rolloutMaximumAttempts),
                backoff: Backoff(
                    base: Span(settings.duration(.rolloutBackoffBase)),
                    cap: Span(settings.duration(.rolloutBackoffCap))
                ),
                pollMinimum: Span(settings.duration(.pollingMinimum)),
                pollMaximum: Span(settings.duration(.pollingMaximum))
            ),
            maximumConcurrentCalls: settings.integer(.workbenchMaximumConcurrentCalls),
            callsPerSecond: settings.number(.workbenchMaximumCallsPerSecond),
            intentValidity: Span(settings.duration(.rolloutIntentValidity)),
            settle: Span(settings.duration(.rolloutSettle)),
            requestTimeout: Span(settings.duration(.workbenchRequestTimeout)),
            sweepAfter: Span(settings.duration(.rolloutSweepAfter)),
            ownsRegistryNames: !settings.flag(.workbenchSharedRegistryNames)
        )
    }
}

extension TopicStart {
    /// `nil` for `now`.
    fileprivate init?(setting text: String) {
        switch (text, Timestamp(rfc3339: text)) {
        case (_, let time?): self = .time(time)
        case ("beginning", nil): self = .beginning
        default: return nil
        }
    }
}

extension LogFormat {
    /// `nil` for `auto`, which depends on where the log goes.
    fileprivate init?(setting text: String) {
        switch text {
        case "json": self = .json
        case "human": self = .human(colour: false)
        default: return nil
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Every setting; the reference shows each of them, and the annotated file must name it.
extension SettingKey {
    /// All settings in the order of the annotated file.
    package static let all: [SettingKey] =
        kafka + intake + topics + workbench + [routes] + [operationsAddress] + rollout + polling + [
            shutdownDeadline, journalDedupeHorizon, progressStallAfter, progressExitAfter, logLevel, logFormat,
        ]

    private static let kafka = [
        kafkaGroupID, kafkaGroupInstanceID, kafkaTransactionalIDPrefix, kafkaSessionTimeout, kafkaTransactionTimeout,
    ]
    private static let intake = [intakeStartFrom, intakeMaximumUnfinished, intakeMaximumEventBytes]
    private static let topics = [topicsEvents, topicsInbox, topicsStatus, topicsJournal, topicsCommands, topicsDead]
    private static let workbench = [
        workbenchURL, workbenchAPIKeyFile, workbenchAPIKey, workbenchProjectID, workbenchCABundle, workbenchVerifyTLS,
        workbenchAllowPlaintext,
        workbenchSharedRegistryNames,
        workbenchModelServiceURL, workbenchRequestTimeout, workbenchMaximumConcurrentCalls,
        workbenchMaximumCallsPerSecond,
    ]
    private static let rollout = [
        rolloutIntentValidity, rolloutSettle, rolloutSweepAfter, rolloutMaximumAttempts, rolloutBackoffBase,
        rolloutBackoffCap,
    ]
    private static let polling = [pollingMinimum, pollingMaximum]

    /// `kafka.group.id`.
    package static let kafkaGroupID = SettingKey(
        "kafka.group.id",
        .text,
        default: "slipway",
        "Consumer group; workers of one group share the partitions."
    )
    /// `kafka.group.instance.id`.
    package static let kafkaGroupInstanceID = SettingKey(
        "kafka.group.instance.id",
        .text,
        "Name of this worker as a static member, unique in the group; empty for none. In a pod of a StatefulSet the pod's name.",
        allowsEmpty: true
    )
    /// `kafka.transactional.id.prefix`.
    package static let kafkaTransactionalIDPrefix = SettingKey(
        "kafka.transactional.id.prefix",
        .text,
        default: "slipway",
        "Beginning of the transactional ids; access rules of the brokers may need it."
    )
    /// `kafka.session.timeout.ms`.
    package static let kafkaSessionTimeout = SettingKey(
        "kafka.session.timeout.ms",
        .integer(11_000...1_800_000),
        default: "45000",
        "Milliseconds without a heartbeat after which a worker is taken for dead."
    )
    /// `kafka.transaction.timeout.ms`.
    package static let kafkaTransactionTimeout = SettingKey(
        "kafka.transaction.timeout.ms",
        .integer(1000...900_000),
        default: "10000",
        "Milliseconds that a dead worker's transaction may hold readers back; 10000 less than the session timeout, or lower."
    )

    /// `intake.startFrom`.
    package static let intakeStartFrom = SettingKey(
        "intake.startFrom",
        .choiceOrTime(["beginning", "now"]),
        default: "now",
        "From where the events of a topic count that was never read before."
    )
    /// `intake.maximumUnfinished`.
    package static let intakeMaximumUnfinished = SettingKey(
        "intake.maximumUnfinished",
        .integer(1...1_000_000),
        default: "20000",
        "Unfinished rollouts of this worker at which it takes no further events."
    )
    /// `intake.maximumEventBytes`.
    package static let intakeMaximumEventBytes = SettingKey(
        "intake.maximumEventBytes",
        .bytes((1 << 10)...(64 << 20)),
        default: "256KiB",
        "The largest event; a larger one becomes a dead letter."
    )

    /// `topics.events`.
    package static let topicsEvents = SettingKey(
        "topics.events",
        .topics,
        default: "experiments.finished",
        "Topic of the events, or several: a list in the file, names with commas between them elsewhere."
    )
    /// `topics.inbox`.
    package static let topicsInbox = SettingKey(
        "topics.inbox",
        .topic,
        default: "deployments.inbox",
        "Topic of events on their way to the worker that owns their model; private to the workers of the group."
    )
    /// `topics.status`.
    package static let topicsStatus = SettingKey(
        "topics.status",
        .topic,
        default: "deployments.status",
        "Topic of the status events."
    )
    /// `topics.journal`.
    package static let topicsJournal = SettingKey(
        "topics.journal",
        .topic,
        default: "deployments.journal",
        "Topic of the journal; private to the workers of the group, with as many partitions as the inbox."
    )
    /// `topics.commands`.
    package static let topicsCommands = SettingKey(
        "topics.commands",
        .topic,
        default: "deployments.commands",
        "Topic of what operators ask for; one partition. Who may write here is an operator."
    )
    /// `topics.dead`.
    package static let topicsDead = SettingKey(
        "topics.dead",
        .topic,
        default: "experiments.finished.dead",
        "Topic of the events that can't be understood."
    )

    /// `routes`.
    package static let routes = SettingKey(
        "routes",
        .path,
        default: "routes.yaml",
        "The routes file; empty for one built-in rule that takes every finished run.",
        allowsEmpty: true,
        isBesideFile: true
    )
    /// `operations.address`.
    package static let operationsAddress = SettingKey(
        "operations.address",
        .address,
        default: "127.0.0.1:9464",
        "Where health and metrics are served."
    )
    /// `shutdown.deadline`.
    package static let shutdownDeadline = SettingKey(
        "shutdown.deadline",
        .duration(.seconds(1) ... .seconds(600)),
        default: "25s",
        "How long stopping waits for calls and records under way."
    )
    /// `journal.dedupeHorizon`.
    package static let journalDedupeHorizon = SettingKey(
        "journal.dedupeHorizon",
        .duration(.seconds(3600) ... .seconds(3650 * 86_400)),
        default: "30d",
        "How long finished rollouts are known, so that a repeated event does nothing."
    )
    /// `progress.stallAfter`.
    package static let progressStallAfter = SettingKey(
        "progress.stallAfter",
        .duration(.seconds(5) ... .seconds(3600)),
        default: "1m",
        "After how long without progress readiness says what holds the worker up."
    )
    /// `progress.exitAfter`.
    package static let progressExitAfter = SettingKey(
        "progress.exitAfter",
        .duration(.zero ... .seconds(86_400)),
        default: "10m",
        "After how long without progress of its own a worker ends, with exit status 5; 0 for never."
    )
    /// `log.level`.
    package static let logLevel = SettingKey(
        "log.level",
        .choice(["trace", "debug", "info", "notice", "warning", "error"]),
        default: "info",
        "The lowest level that is logged."
    )
    /// `log.format`.
    package static let logFormat = SettingKey(
        "log.format",
        .choice(["auto", "human", "json"]),
        default: "auto",
        "How log lines look; auto is human on a terminal, else json."
    )
}

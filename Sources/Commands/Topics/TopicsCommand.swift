// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Kafka
import Values
import Worker

/// `slipway topics`: makes and checks the topics.
enum TopicsCommand {
    /// Declares the commands.
    static func command(_ load: @escaping ConfigurationLoader) -> Command {
        let partitions = Option(
            "partitions",
            .value("N", .integer(1...10_000)),
            help:
                "Partitions of inbox and journal where they are created: chosen once, the most that workers can share.",
            defaultValue: "24"
        )
        let eventPartitions = Option(
            "event-partitions",
            .value("N", .integer(1...10_000)),
            help: "Partitions of events, status and dead letters where they are created; these may grow later.",
            defaultValue: "12"
        )
        let replication = Option(
            "replication",
            .value("N", .integer(1...100)),
            help: "Copies of each partition; by default 3 where there are three brokers, else what the brokers say."
        )
        let json = Option("json", .flag(), help: "Print one JSON line for each finding or change.")
        return Command(
            group: "topics",
            summary: "Create and check the topics",
            subcommands: [
                Command(
                    "ensure",
                    summary: "Create the topics that are missing",
                    discussion: """
                        Creates what is missing, with the settings that the guarantees need: the event topics, inbox, journal, \
                        commands, status and dead letters. Topics that exist are left alone, unless --alter asks to change their \
                        settings. Numbers of partitions and of replicas are never changed, and nothing is deleted sooner than \
                        now unless --shorten-retention asks for that, too. --dry-run shows what would be done.
                        """,
                    options: [partitions, eventPartitions, replication] + Self.permissions + [json]
                        + ConfigurationOptions.all,
                    examples: [
                        Command.Example(
                            "Make the topics of a test cluster:",
                            "slipway topics ensure --partitions 6 --event-partitions 3"
                        ),
                        Command.Example("See what --alter would change:", "slipway topics ensure --alter --dry-run"),
                    ],
                    exitStatuses: [.configuration, .unavailable],
                    body: { invocation, output in
                        try await Self.run(try load(invocation, output), invocation, output, repairs: true)
                    }
                ),
                Self.check(load, json),
            ]
        )
    }

    /// What `ensure` may do beside creating topics.
    private static let permissions = [
        Option("alter", .flag(), help: "Change wrong settings of topics that exist."),
        Option(
            "shorten-retention",
            .flag(),
            help: "With --alter: also keep events for less, where they outlive journal.dedupeHorizon."
        ),
        Option("dry-run", .flag(), help: "Change nothing, and show what would be."),
    ]

    private static func check(_ load: @escaping ConfigurationLoader, _ json: Option) -> Command {
        Command(
            "check",
            summary: "Compare the topics with what the guarantees need",
            discussion: """
                Changes nothing. Ends with 1 when a worker would refuse to start or break a promise.
                """,
            options: [json] + ConfigurationOptions.all,
            exitStatuses: [.configuration, .unavailable],
            body: { invocation, output in
                try await Self.run(try load(invocation, output), invocation, output, repairs: false)
            }
        )
    }

    private static func run(
        _ configuration: Configuration,
        _ invocation: Invocation,
        _ output: Output,
        repairs: Bool
    ) async throws -> ExitStatus {
        let access = configuration.kafkaAccess
        return try await access.reporting("topics", output) {
            let admin = try Admin(properties: try access.properties())
            do {
                let status = try await Self.work(admin, configuration, invocation, output, repairs: repairs)
                await admin.close()
                return status
            } catch {
                await admin.close()
                throw error
            }
        }
    }

    private static func work(
        _ admin: Admin,
        _ configuration: Configuration,
        _ invocation: Invocation,
        _ output: Output,
        repairs: Bool
    ) async throws -> ExitStatus {
        let keeper = TopicKeeper(
            admin: admin,
            plan: TopicPlan(
                names: configuration.topics,
                // Only what is created has to know them.
                partitionCounts: repairs ? Self.partitionCounts(invocation) : TopicPlan.PartitionCounts(),
                replicationFactor: repairs ? invocation.integer("replication") : nil,
                dedupeHorizonMilliseconds: configuration.dedupeHorizon.wholeMilliseconds
            )
        )
        let report = TopicReport(output: output, isJSON: invocation.flag("json"))
        var findings = try await keeper.findings()
        if repairs {
            let isDry = invocation.flag("dry-run")
            let changes = try await keeper.repair(
                findings,
                TopicKeeper.Permission(
                    alters: invocation.flag("alter"),
                    shortens: invocation.flag("shorten-retention"),
                    isDry: isDry
                )
            )
            try report.write(changes)
            if !changes.isEmpty, !isDry { findings = try await keeper.findings() }
        }
        try report.write(findings)
        return findings.contains(where: \.isProblem) ? .failure : .success
    }

    private static func partitionCounts(_ invocation: Invocation) -> TopicPlan.PartitionCounts {
        var counts = TopicPlan.PartitionCounts()
        counts.owning = invocation.integer("partitions") ?? counts.owning
        counts.others = invocation.integer("event-partitions") ?? counts.others
        return counts
    }
}

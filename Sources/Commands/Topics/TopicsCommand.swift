// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Kafka
import Values
import Worker

/// `slipway topics`: makes and checks the four topics.
enum TopicsCommand {
    /// Declares the commands.
    static func command(_ load: @escaping ConfigurationLoader) -> Command {
        let partitions = Option(
            "partitions",
            .value("N", .integer(1...10_000)),
            help: "Partitions of topics that are created.",
            defaultValue: "12"
        )
        let replication = Option(
            "replication",
            .value("N", .integer(1...100)),
            help: "Copies of each partition; by default the brokers decide."
        )
        let json = Option("json", .flag(), help: "Print one JSON line for each finding or change.")
        return Command(
            group: "topics",
            summary: "Create and check the four topics",
            subcommands: [
                Command(
                    "ensure",
                    summary: "Create the topics that are missing",
                    discussion: """
                        Creates what is missing, with the settings that the guarantees need. Topics that exist are left alone, \
                        unless --alter asks to mend their settings. Numbers of partitions are never changed.
                        """,
                    options: [
                        partitions, replication,
                        Option("alter", .flag(), help: "Mend settings of topics that exist."), json,
                    ] + ConfigurationOptions.all,
                    examples: [
                        Command.Example("Make the topics of a test cluster:", "slipway topics ensure --partitions 3")
                    ],
                    exitStatuses: [.configuration, .unavailable],
                    body: { invocation, output in
                        try await Self.run(try load(invocation), invocation, output, mends: true)
                    }
                ),
                Self.check(load, json),
            ]
        )
    }

    private static func check(_ load: @escaping ConfigurationLoader, _ json: Option) -> Command {
        Command(
            "check",
            summary: "Compare the topics with what the guarantees need",
            discussion: """
                Changes nothing. Ends with 1 when a worker would refuse to start or break a promise.

                Reads the newest events, too, without a group, and names who sends events to other partitions than those \
                of their models, which workers have to forward.
                """,
            options: [json] + ConfigurationOptions.all,
            exitStatuses: [.configuration, .unavailable],
            body: { invocation, output in
                try await Self.run(try load(invocation), invocation, output, mends: false)
            }
        )
    }

    private static func run(
        _ configuration: Configuration,
        _ invocation: Invocation,
        _ output: Output,
        mends: Bool
    ) async throws -> ExitStatus {
        let access = configuration.kafkaAccess
        return try await access.reporting("topics", output) {
            let admin = try Admin(properties: try access.properties())
            do {
                let status = try await Self.work(admin, configuration, invocation, output, mends: mends)
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
        mends: Bool
    ) async throws -> ExitStatus {
        let keeper = TopicKeeper(
            admin: admin,
            plan: TopicPlan(
                names: configuration.topics,
                // Only what is created has to know them.
                partitionCount: (mends ? invocation.integer("partitions") : nil) ?? configuration.partitionCount,
                replicationFactor: mends ? invocation.integer("replication") : nil,
                dedupeHorizonMilliseconds: configuration.dedupeHorizon.wholeMilliseconds
            )
        )
        let report = TopicReport(output: output, isJSON: invocation.flag("json"))
        var findings = try await keeper.findings()
        if mends {
            let changes = try await keeper.mend(findings, alters: invocation.flag("alter"))
            try report.write(changes)
            if !changes.isEmpty { findings = try await keeper.findings() }
        } else if let events = try await admin.topic(configuration.topics.events) {
            let properties = try configuration.kafkaAccess.properties()
            if let finding = try await MisplacedEvents.finding(in: events, properties) { findings.append(finding) }
        }
        try report.write(findings)
        return findings.contains(where: \.isProblem) ? .failure : .success
    }
}

// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Rollouts

/// `slipway journal`: looks into the journal, and mends what stands in its way.
enum JournalCommand {
    /// Declares the commands.
    static func command(_ load: @escaping ConfigurationLoader) -> Command {
        Command(
            group: "journal",
            summary: "Look into the journal, and mend what stands in its way",
            subcommands: [Self.check(load), Self.forget(load), Self.begin(load)]
        )
    }

    private static let json = Option("json", .flag(), help: "Print one JSON line for each finding or change.")
    private static let partition = Option(
        "partition",
        .value("N", .integer(0...Int(Int32.max))),
        help: "Look into this journal partition only."
    )

    private static func check(_ load: @escaping ConfigurationLoader) -> Command {
        Command(
            "check",
            summary: "List journal records that can't be used, and what waits for them",
            discussion: """
                Reads the journal as a worker that takes it over would, without a consumer group. Changes nothing. Keys of \
                somebody else are listed and ignored; a record of ours that can't be read parks its lane, or its partition \
                where it names none. Ends with 1 when something waits.
                """,
            options: [Self.partition, Self.json] + ConfigurationOptions.all,
            exitStatuses: [
                ExitStatus(code: 1, meaning: "something waits for a record, or a partition has lost its journal"),
                .configuration, .unavailable,
            ],
            body: { invocation, output in
                let access = try JournalAccess(try load(invocation, output))
                return try await access.kafka.reporting("journal check", output) {
                    let inspection = JournalInspection(access: access)
                    let (partitions, count) = try await inspection.read(only: invocation.integer("partition"))
                    let findings = partitions.flatMap { inspected in
                        JournalFinding.all(of: inspected) { start in
                            StartRecord(
                                partitionCount: count,
                                group: access.groupID,
                                workbench: access.workbench ?? start.workbench
                            )
                        }
                    }
                    let report = JournalReport(output: output, isJSON: invocation.flag("json"))
                    try report.write(findings, partitions: partitions.count)
                    return findings.contains(where: \.isProblem) ? .failure : .success
                }
            }
        )
    }

    private static func forget(_ load: @escaping ConfigurationLoader) -> Command {
        Command(
            "forget",
            summary: "Give a journal record up that can't be read",
            discussion: """
                Writes a tombstone for one key; what waits for it goes on within half a minute, without a restart. It says \
                what nobody knows any more afterwards, and writes only with --apply. A record that can be read is refused, \
                unless --force is given and no worker is there.
                """,
            options: [
                Option("apply", .flag(), help: "Write the tombstone; without it, only show what it would do."),
                Option("force", .flag(), help: "Forget a record that can be read, too."), Self.partition, Self.json,
            ] + ConfigurationOptions.all,
            arguments: [Argument("key", help: "The record's key, as journal check shows it.")],
            examples: [
                Command.Example(
                    "Give up what a model's lane knew:",
                    "slipway journal forget lane:889l-vxa1-8v89-4q4p/churn --apply"
                )
            ],
            exitStatuses: [.configuration, .unavailable],
            body: { invocation, output in
                let access = try JournalAccess(try load(invocation, output))
                return try await access.kafka.reporting("journal forget", output) {
                    try await JournalForget(
                        access: access,
                        report: JournalReport(output: output, isJSON: invocation.flag("json")),
                        key: invocation.text("key") ?? "",
                        only: invocation.integer("partition"),
                        isForced: invocation.flag("force"),
                        applies: invocation.flag("apply")
                    ).run()
                }
            }
        )
    }

    private static func begin(_ load: @escaping ConfigurationLoader) -> Command {
        Command(
            "begin",
            summary: "Let partitions go on that have lost their journal",
            discussion: """
                A worker refuses a journal partition that the group has worked with and that does not say what it belongs \
                to: it was deleted or cut short. This lists such partitions and what is not known any more; with \
                --accept-loss it writes their start records, so that workers take them over as they are.
                """,
            options: [
                Option("accept-loss", .flag(), help: "Write the start records; without it, only show what is lost."),
                Self.json,
            ] + ConfigurationOptions.all,
            exitStatuses: [.configuration, .unavailable],
            body: { invocation, output in
                let access = try JournalAccess(try load(invocation, output))
                return try await access.kafka.reporting("journal begin", output) {
                    try await JournalBegin(
                        access: access,
                        report: JournalReport(output: output, isJSON: invocation.flag("json")),
                        acceptsLoss: invocation.flag("accept-loss")
                    ).run()
                }
            }
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Rollouts
import Worker

/// `slipway group`: who shares the partitions.
enum GroupCommand {
    /// Declares the commands.
    static func command(_ load: @escaping ConfigurationLoader) -> Command {
        Command(
            group: "group",
            summary: "Change who shares the partitions",
            subcommands: [Self.leave(load)]
        )
    }

    private static func leave(_ load: @escaping ConfigurationLoader) -> Command {
        Command(
            "leave",
            summary: "Let the others have the partitions of a static member that does not come back",
            discussion: """
                A static member (kafka.group.instance.id, or a pod of a StatefulSet) keeps its partitions when it stops, \
                until its session ends, so that its restart moves none. Where it was stopped for good, this leaves the \
                group in its name, and the others take its partitions over at once. Stop the worker first: one that runs by \
                the name ends. It changes something only with --apply, and needs the right to read the group.
                """,
            options: [
                Option("apply", .flag(), help: "Leave; without it, only show what the member holds."),
                Option("json", .flag(), help: "Print one JSON line."),
            ] + ConfigurationOptions.all,
            arguments: [Argument("name", help: "The member's kafka.group.instance.id.")],
            examples: [
                Command.Example(
                    "Give away what the third pod held, after scaling down to two:",
                    "slipway group leave slipway-2 --apply"
                )
            ],
            exitStatuses: [
                ExitStatus(
                    code: 1,
                    meaning: "the group has no static member of that name, or it did not leave in time"
                ),
                .configuration, .unavailable,
            ],
            body: { invocation, output in
                let configuration = try load(invocation, output)
                let access = configuration.kafkaAccess
                return try await access.reporting("group leave", output) {
                    try await GroupLeave(
                        access: access,
                        topic: configuration.topics.inbox,
                        groupID: configuration.groupID,
                        name: invocation.text("name") ?? "",
                        applies: invocation.flag("apply"),
                        isJSON: invocation.flag("json"),
                        output: output
                    ).run()
                }
            }
        )
    }
}

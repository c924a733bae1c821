// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Processes
import Values

/// Declares `slipway replay`.
enum ReplayCommand {
    /// Declares the command.
    ///
    /// - Parameter access: Reads the settings when it runs.
    /// - Returns: The command.
    static func command(_ access: @escaping KafkaAccess.Loader) -> Command {
        Command(
            "replay",
            summary: "Send past events again, to deploy their runs once more",
            discussion: self.discussion,
            options: self.selection + self.sending + ConfigurationOptions.all,
            rules: [
                .atLeastOne(["run", "model", "since", "partition"]), .atMostOne(["since", "partition"]),
                .requires("until", "since"), .requires("partition", "from-offset"),
                .requires("from-offset", "partition"), .requires("to-offset", "from-offset"),
                .requires("apply", "reason"),
            ],
            examples: [
                Command.Example("See what there is of a model:", "slipway replay --model churn-clf"),
                Command.Example(
                    "Deploy one run again:",
                    "slipway replay --run 4616-edm6 --apply --reason \"endpoint was deleted by hand\""
                ),
                Command.Example(
                    "Go back to an older run:",
                    "slipway replay --run hck7-3u4e --allow-rollback --apply --reason \"4616-edm6 predicts nonsense\""
                ),
                Command.Example(
                    "Everything of an evening, under an id of your own:",
                    "slipway replay --since 2026-02-03T18:00:00Z --until 2026-02-03T22:00:00Z --replay-id inc-42 --apply "
                        + "--reason \"registry outage\""
                ),
            ],
            exitStatuses: [
                ExitStatus(code: 1, meaning: "nothing to send was found, or some event was not delivered"),
                .configuration, .unavailable, .interrupted,
            ],
            body: { invocation, output in
                let options = try ReplayOptions(invocation, now: .now())
                let access = try access(invocation, output)
                return try await access.reporting("replay", output) {
                    try await ShutdownSignal.cancelling {
                        try await ReplayRun(options: options, access: access, output: output).run()
                    }
                }
            }
        )
    }

    private static let discussion = """
        Reads the event topics up to their present ends, without a consumer group: no group's offsets are touched. It prints \
        what it would send; only with --apply it sends. Conditions given together must all hold.

        Each event is sent to the topic that it came from, as it was, attributes and data, with a replay id and the reason, and becomes a new rollout of \
        the same run: the registered version is used again, build and deployment are new. Of several events for one run \
        and model only the newest is sent. A run older than the live one ends 'superseded' unless --allow-rollback is given.

        The same --replay-id given again does nothing twice: copies that are in a topic are not sent again, and the \
        worker knows their rollouts. Events that name no run, and records that cannot be understood, are listed as not \
        replayable. Copies made by earlier replays are no events of their own: they are left out unless \
        --include-replays is given.
        """

    private static let selection: [Option] = [
        Option("run", .value("ID"), help: "Events of this run."),
        Option("model", .value("NAME"), help: "Events of this model, as the event or its key names it."),
        Option("since", .value("TIME"), help: "Events from then on: \(TimePoint.expectation)."),
        Option("until", .value("TIME"), help: "With --since: events before then."),
        Option("topic", .value("NAME"), help: "Events of this one of the event topics; by default of all."),
        Option("partition", .value("N", .integer(0...Int(Int32.max))), help: "Events of this partition."),
        Option("from-offset", .value("N", .integer(0...Int.max)), help: "With --partition: from this offset on."),
        Option(
            "to-offset",
            .value("N", .integer(0...(Int.max - 1))),
            help: "With --from-offset: up to and with this one."
        ),
        Option("include-replays", .flag(), help: "Take copies of earlier replays, too."),
        Option(
            "limit",
            .value("N", .integer(1...1_000_000)),
            help: "Refuse to go on when more events match.",
            defaultValue: "1000"
        ),
    ]

    private static let sending: [Option] = [
        Option("apply", .flag(), help: "Send the events; without it, only show them."),
        Option("reason", .value("TEXT"), help: "Why, for the status events; needed with --apply."),
        Option("replay-id", .value("ID"), help: "Name of the replay; by default one of time and chance."),
        Option("allow-rollback", .flag(), help: "Let a run older than the live one take its place."),
        Option("json", .flag(), help: "Report one JSON line for each event."),
        Option(
            "timeout",
            .value("DURATION", .duration),
            help: "How long the delivery of an event may take.",
            defaultValue: "30s"
        ),
    ]
}

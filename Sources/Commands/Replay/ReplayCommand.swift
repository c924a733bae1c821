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
            summary: "Ask the workers to run past events again, to deploy their runs once more",
            discussion: self.discussion,
            options: self.options,
            rules: [
                .atLeastOne(["run", "model", "since", "partition"]), .atMostOne(["since", "partition"]),
                .requires("until", "since"), .requires("partition", "from-offset"),
                .requires("from-offset", "partition"), .requires("to-offset", "from-offset"),
                .requires("apply", "reason"), .atMostOne(["wait", "no-wait"]),
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
                ExitStatus(
                    code: 1,
                    meaning: "nothing to send was found, or a command was not delivered, refused or not answered"
                ),
                .configuration, .unavailable, .interrupted,
            ],
            body: { invocation, output in
                var options = try ReplayOptions(invocation, now: .now())
                let access = try access(invocation, output)
                options.selection.limits = access.eventLimits
                return try await access.reporting("replay", output) { [options] in
                    try await ShutdownSignal.cancelling {
                        try await ReplayRun(options: options, access: access, output: output).run()
                    }
                }
            }
        )
    }

    /// All options, in the order of the help.
    static let options = ReplayCommand.selection + ReplayCommand.sending + ConfigurationOptions.all

    private static let discussion = """
        Reads the event topics up to their present ends, without a consumer group: no group's offsets are touched. It prints \
        what it would send; only with --apply it sends. Conditions given together must all hold.

        For each event a command goes to the commands topic, with the event as it was and where it stood, a replay id and the \
        reason. Its owner among the workers makes a new rollout of the same run of it: the registered version is used \
        again, build and deployment are new. Of several events for one run and model only the newest is sent. A run older \
        than the live one ends 'superseded' unless --allow-rollback is given.

        Then it waits for the workers' answers on the status topic, and lists what is accepted, known from before, refused, \
        or not answered in the time of --wait. An answer that comes later is seen by 'slipway watch'.

        The same --replay-id given again does nothing twice: the workers know its commands. A replay that is interrupted, or \
        fails once it has sent something, tells what it sent and the command line that asks again under the same id. Events that name no run, and \
        records that cannot be understood, are listed as not replayable.
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
        Option(
            "limit",
            .value("N", .integer(1...1_000_000)),
            help: "Refuse to go on when more events match.",
            defaultValue: "1000"
        ),
    ]

    private static let sending: [Option] = [
        Option("apply", .flag(), help: "Send the commands; without it, only show the events."),
        Option("reason", .value("TEXT"), help: "Why, for the status events; needed with --apply."),
        Option("replay-id", .value("ID"), help: "Name of the replay; by default one of time and chance."),
        Option("allow-rollback", .flag(), help: "Let a run older than the live one take its place."),
        Option(
            "who",
            .value("NAME"),
            help: "Who asks, for the status events; by default the login's name and this machine's."
        ),
        Option(
            "wait",
            .value("DURATION", .duration),
            help: "How long to wait for the workers' answers.",
            defaultValue: "60s"
        ),
        Option("no-wait", .flag(), help: "Do not wait for answers."),
        Option("json", .flag(), help: "Report one JSON line for each event."),
        Option(
            "timeout",
            .value("DURATION", .duration),
            help: "How long the delivery of a command may take.",
            defaultValue: "30s"
        ),
    ]
}

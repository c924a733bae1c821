// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Processes

/// Declares `slipway emit`.
enum EmitCommand {
    /// Declares the command.
    ///
    /// - Parameter access: Reads the settings when it runs.
    /// - Returns: The command.
    static func command(_ access: @escaping KafkaAccess.Loader) -> Command {
        Command(
            "emit",
            summary: "Send \"experiment run finished\" events",
            discussion: self.discussion,
            options: self.fields + self.sending + ConfigurationOptions.all,
            arguments: [
                Argument(
                    "file",
                    .file,
                    help: "A JSON file of one event, or NDJSON of several; - for standard input.",
                    isRequired: false
                )
            ],
            rules: [
                .atMostOne(["project", "project-name"]), .atMostOne(["experiment", "experiment-name"]),
                .atMostOne(["key", "partition"]),
            ],
            examples: [
                Command.Example(
                    "Deploy one run:",
                    "slipway emit --project-name churn --experiment-name churn-alex --run 4616-edm6 --model churn-clf"
                ),
                Command.Example(
                    "Deploy the newest finished run of an experiment:",
                    "slipway emit --project 889l-vxa1 --experiment req9-fzcl --model churn-clf"
                ),
                Command.Example("Send what another program writes, as it comes:", "producer | slipway emit -"),
                Command.Example(
                    "Make load, 200 events a second over 50 models:",
                    "slipway emit --experiment load --run r-{n} --model m-{n} --count 10000 --rate 200"
                ),
                Command.Example("See what would be sent:", "slipway emit --dry-run events.ndjson"),
            ],
            exitStatuses: [
                ExitStatus(code: 1, meaning: "some event was refused or not delivered; the others were sent"),
                .configuration, .unavailable, .interrupted,
            ],
            body: { invocation, output in
                var options = try EmitOptions(invocation)
                let access = try access(invocation, output)
                options.limits = access.eventLimits
                return try await access.reporting("emit", output) { [options] in
                    try await ShutdownSignal.cancelling {
                        try await EmitRun(options: options, access: access, output: output).run()
                    }
                }
            }
        )
    }

    private static let discussion = """
        Sends events to the first event topic, or to the one that --topic names, in CloudEvents' binary mode, keyed by \
        the model's name where the event has one. Which partition an event lies in means nothing: workers pass it on to \
        the one that owns its model.

        Options make one event, or with --count several; {n} in a text is the event's number, from 1. A file holds plain \
        data objects or structured CloudEvents; options given beside it replace the same field in each event.

        Each event is first read as the worker would read it. One that would become a dead letter is refused, and the \
        others are still sent. Sending the same run for the same model again does nothing: the worker knows it. To deploy \
        a run once more, use 'slipway replay'.
        """

    private static let fields: [Option] = [
        Option("project", .value("ID"), help: "The project's id.", environment: "CDSW_PROJECT_ID"),
        Option("project-name", .value("NAME"), help: "The project's name, in place of its id."),
        Option("experiment", .value("ID"), help: "The experiment's id."),
        Option("experiment-name", .value("NAME"), help: "The experiment's name, in place of its id."),
        Option("run", .value("ID"), help: "The run's id; without it, the newest finished run."),
        Option("status", .value("STATE"), help: "State of the run as the event says it; without it, finished."),
        Option("model", .value("NAME"), help: "Name of the model; without it, the route names it."),
        Option("artifact-path", .value("PATH"), help: "Folder of the model among the run's artifacts."),
        Option("description", .value("TEXT"), help: "Description of the model."),
        Option("runtime", .value("IMAGE"), help: "Runtime image of the build."),
        Option("comment", .value("TEXT"), help: "Comment of the build."),
        Option("cpu", .value("N", .number(0...1_000_000)), help: "Virtual processors of the deployment."),
        Option("memory", .value("GB", .number(0...1_000_000)), help: "Memory of the deployment in GB."),
        Option("gpus", .value("N", .integer(0...10_000)), help: "GPUs of the deployment."),
        Option("replicas", .value("N", .integer(1...10_000)), help: "Replicas of the deployment."),
        Option("env", .value("NAME=VALUE"), help: "A variable of the model's environment.", isRepeatable: true),
        Option("source", .value("URI"), help: "CloudEvents source; by default made of project and experiment."),
        Option("id", .value("ID"), help: "CloudEvents id; by default random."),
    ]

    private static let sending: [Option] = [
        Option("count", .value("N", .integer(1...1_000_000_000)), help: "How many events to make.", defaultValue: "1"),
        Option(
            "rate",
            .value("R", .number(0.001...1_000_000)),
            help: "Events a second; by default as fast as it goes."
        ),
        Option("structured", .flag(), help: "Put the whole CloudEvent into the value, not attributes into headers."),
        Option("key", .value("TEXT"), help: "Another key than the model's name."),
        Option("topic", .value("NAME"), help: "Another one of the event topics than the first."),
        Option(
            "partition",
            .value("N", .integer(0...Int(Int32.max))),
            help: "A certain partition, whatever the key says."
        ),
        Option(
            "check",
            .flag(isNegatable: true),
            help: "Refuse what the worker would not understand.",
            defaultValue: "true"
        ),
        Option("dry-run", .flag(), help: "Print the records as JSON lines, and send nothing."),
        Option("json", .flag(), help: "Report one JSON line for each event."),
        Option(
            "timeout",
            .value("DURATION", .duration),
            help: "How long the delivery of an event may take.",
            defaultValue: "30s"
        ),
    ]
}

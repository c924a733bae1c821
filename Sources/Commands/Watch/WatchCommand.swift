// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Glibc
import Processes
import Values

/// Declares `slipway watch`.
enum WatchCommand {
    /// Declares the command.
    ///
    /// - Parameter access: Reads the settings when it runs.
    /// - Returns: The command.
    static func command(_ access: @escaping KafkaAccess.Loader) -> Command {
        Command(
            "watch",
            summary: "Show what is being deployed, live",
            discussion: self.discussion,
            options: self.options + ConfigurationOptions.all,
            examples: [
                Command.Example("Follow everything of the last hour:", "slipway watch"),
                Command.Example("What failed since yesterday:", "slipway watch --failed --from 24h"),
                Command.Example("One model's endpoint:", "slipway watch --model churn-clf --from beginning"),
                Command.Example(
                    "Wait in a pipeline until three runs are deployed, 30 minutes at most:",
                    "slipway watch --from now --until 3 --timeout 30m"
                ),
                Command.Example(
                    "The endpoints, as they come:",
                    "slipway watch --json | jq -r 'select(.data.phase == \"deployed\").data.endpointUrl'"
                ),
            ],
            exitStatuses: [
                ExitStatus(code: 1, meaning: "--until or --until-idle was reached, and a rollout failed"),
                .configuration, .unavailable, WatchRun.timedOut, .interrupted,
            ],
            body: { invocation, output in
                let options = try WatchOptions(invocation, now: .now())
                let access = try access(invocation, output)
                let environment = invocation.environment
                return try await access.reporting("watch", output) {
                    try await ShutdownSignal.cancelling {
                        let run = WatchRun(options: options, access: access, output: output) {
                            self.terminalHeight(environment)
                        }
                        return try await run.run()
                    }
                }
            }
        )
    }

    private static let discussion = """
        Reads the status topic, without a consumer group, and shows one row for each rollout, newest activity first. On \
        a terminal the table is redrawn in place; otherwise, or with --json, each status event is one line of JSON, a \
        CloudEvent with the status as its data.

        It ends with Ctrl-C, or when --until or --until-idle says so: then the exit status tells whether a rollout failed.
        """

    private static let options: [Option] = [
        Option(
            "from",
            .value("TIME"),
            help: "Where to begin: \(TimePoint.expectation).",
            defaultValue: "1h"
        ),
        Option("model", .value("GLOB"), help: "Only models whose name fits; * and ? stand for any characters."),
        Option("rollout", .value("ID"), help: "Only the rollout whose id begins so."),
        Option("failed", .flag(), help: "Show only what has failed."),
        Option("until", .value("N", .integer(1...1_000_000_000)), help: "End after so many rollouts have ended."),
        Option(
            "until-idle",
            .flag(),
            help: "End when at least one rollout was seen, all have ended, and nothing came for --idle-time."
        ),
        Option("idle-time", .value("DURATION", .duration), help: "See --until-idle.", defaultValue: "5s"),
        Option("timeout", .value("DURATION", .duration), help: "End after this long in any case."),
        Option("exit-zero", .flag(), help: "Exit with 0 even if a rollout failed."),
        Option("json", .flag(), help: "Write JSON lines on a terminal, too."),
    ]

    /// Rows of the terminal now; `LINES` overrides them, and 24 where there is no terminal.
    private static func terminalHeight(_ environment: [String: String]) -> Int {
        if let lines = environment["LINES"].flatMap({ Int($0) }), lines > 0 { return lines }
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0 else { return 24 }
        return Int(size.ws_row)
    }
}

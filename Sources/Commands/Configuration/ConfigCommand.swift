// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Files
import JSON
import Rollouts
import Settings

/// `slipway config`: checks and shows the configuration.
enum ConfigCommand {
    /// Declares the commands.
    static func command() -> Command {
        Command(
            group: "config",
            summary: "Check and show the configuration",
            subcommands: [
                Command(
                    "check",
                    summary: "Look for mistakes in the configuration and the routes",
                    discussion: """
                        Reads the configuration as 'slipway run' would, with the routes file and the files that it names, and \
                        lists every mistake with its place. Connects to nothing.

                        With --strict it also fails on what works and is weak: plain connections, certificates that are not \
                        checked, files that others may write or read, a route that leaves everything open, and, where Kafka can \
                        be reached and the right Describe on the cluster is there, rights on the topics that are too wide. \
                        THREATMODEL.md says what each is good for.
                        """,
                    options: [
                        Option(
                            "strict",
                            .flag(),
                            help: "Fail on weaknesses, too; asks Kafka for the topics' access rules."
                        )
                    ] + ConfigurationOptions.all,
                    examples: [
                        Command.Example("Before a restart:", "slipway config check --config /etc/slipway/slipway.yaml"),
                        Command.Example("Before others may reach it:", "slipway config check --strict"),
                    ],
                    exitStatuses: [
                        .configuration,
                        ExitStatus(
                            code: ExitStatus.unavailable.code,
                            meaning: "with --strict: nothing weak was found, and the topics' rights were not seen"
                        ),
                    ],
                    body: { invocation, output in try await Self.check(invocation, output) }
                ),
                Command(
                    "show",
                    summary: "Show every setting, its value and where it comes from",
                    discussion: "Secrets are shown as <hidden>.",
                    options: [Option("json", .flag(), help: "Print one JSON line for each setting.")]
                        + ConfigurationOptions.all,
                    examples: [
                        Command.Example("See what the environment changes:", "slipway config show | grep SLIPWAY_")
                    ],
                    exitStatuses: [.configuration],
                    body: { invocation, output in try Self.show(invocation, output) }
                ),
            ]
        )
    }

    private static func check(_ invocation: Invocation, _ output: Output) async throws -> ExitStatus {
        let check = ConfigurationCheck(invocation, output)
        guard check.problems.isEmpty else { throw SettingsError(check.problems) }
        let file = check.file ?? "no configuration file"
        let routesFile = check.routesPath.isEmpty ? "the built-in route" : check.routesPath
        if invocation.flag("strict"), let settings = check.settings, let routes = check.routes {
            let strict = StrictCheck(settings, routes: routes, routesPath: check.routesPath)
            let rights = await strict.rights(Configuration(settings), timeout: .seconds(5))
            for line in rights.unseen { try output.writeLine("not looked at: \(line)") }
            let findings = strict.findings + rights.findings
            guard findings.isEmpty else {
                output.writeErrorLine("the configuration works and is weak in \(findings.count) points:")
                for finding in findings { output.writeErrorLine("  \(finding)") }
                return .configuration
            }
            guard rights.unseen.isEmpty else {
                output.writeErrorLine("nothing weak was found, and not everything could be looked at")
                return .unavailable
            }
            try output.writeLine("OK, strictly: \(file), \(routesFile)")
            return .success
        }
        try output.writeLine("OK: \(file), \(routesFile)")
        for warning in check.warnings { try output.writeLine("warning: \(warning.lineWithKeyFirst)") }
        return .success
    }

    private static func show(_ invocation: Invocation, _ output: Output) throws -> ExitStatus {
        let lines = SettingLine.all(of: try ConfigurationOptions.settings(invocation, output))
        guard !invocation.flag("json") else {
            for line in lines { try output.writeLine(line.json) }
            return .success
        }
        var table = TextTable(["KEY", "VALUE", "SOURCE"])
        for line in lines { table.add([line.key, line.shown, line.source]) }
        for line in table.lines(width: output.style.isTerminal ? output.width : nil) { try output.writeLine(line) }
        return .success
    }
}

/// One setting as it is shown.
private struct SettingLine {
    let key: String
    /// `nil` where nothing is set, and for a secret.
    let value: String?
    let isSecret: Bool
    let source: String

    var shown: String {
        guard !self.isSecret else { return "<hidden>" }
        return self.value.map { $0.isEmpty ? "\"\"" : $0 } ?? "-"
    }

    var json: String {
        let bytes = JSONWriter.object { writer in
            writer.field("key", self.key)
            writer.field("value", self.isSecret ? "<hidden>" : self.value)
            writer.field("isSecret", self.isSecret)
            writer.field("source", self.source)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private init(_ key: String, _ value: Settings.Value?) {
        self.key = key
        self.value = value?.text
        self.isSecret = value?.secret != nil
        self.source = value?.source.description ?? "not set"
    }

    /// The settings in the order of the annotated file; librdkafka's properties come first.
    static func all(of settings: Settings) -> [SettingLine] {
        settings.properties.map { SettingLine($0.path, $0.value) }
            + SettingKey.all.map { SettingLine($0.path, settings[$0]) }
    }
}

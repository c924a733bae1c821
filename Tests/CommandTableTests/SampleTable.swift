// SPDX-License-Identifier: Apache-2.0

import CommandTable

/// A table with one of everything, for the suites here.
enum SampleTable {
    static let run: Command = Command(
        "run",
        summary: "Run the worker",
        discussion: "Consumes events until it is told to stop.",
        options: [
            Option(
                "log-format",
                .value("FORMAT", .choice(["auto", "human", "json"])),
                help: "How the log's lines look.",
                defaultValue: "auto",
                environment: "SAMPLE_LOG_FORMAT"
            ),
            Option("limit", short: "n", .value("N", .integer(1...100)), help: "Stop after N events."),
            Option("rate", .value("R", .number(0...10)), help: "Events a second.", defaultValue: "2.5"),
            Option("wait", .value("TIME", .duration), help: "How long to wait.", defaultValue: "30s"),
            Option("size", .value("SIZE", .byteCount), help: "How much to read."),
            Option("address", .value("HOST:PORT", .address), help: "Where to listen."),
            Option(
                "set",
                short: "s",
                .value("KEY=VALUE"),
                help: "Override.",
                environment: "SAMPLE_SET",
                isRepeatable: true
            ),
            Option("state", .value("DIR", .directory), help: "Where state is kept."),
            Option("colour", .flag(isNegatable: true), help: "Use colours.", defaultValue: "true"),
            Option("dry", short: "d", .flag(), help: "Don't act; it's safe.", environment: "SAMPLE_DRY"),
            Option("verbose", short: "v", .flag(), help: "Say more."),
        ],
        arguments: [
            Argument("mode", .choice(["fast", "slow"]), help: "How to run."),
            Argument("file", .file, help: "What to read.", isRequired: false, isRepeatable: true),
        ],
        examples: [.init("Run fast:", "sample run fast")],
        exitStatuses: [.configuration, ExitStatus(code: 7, meaning: "stuck")],
        body: { try SampleTable.report($0, $1) }
    )

    static let list: Command = Command(
        "list",
        summary: "List topics",
        options: [
            Option("id", .value("ID"), help: "By id."), Option("name", .value("NAME"), help: "By name."),
            Option("apply", .flag(), help: "Do it."), Option("reason", .value("TEXT"), help: "Why."),
        ],
        rules: [.exactlyOne(["id", "name"]), .requires("apply", "reason")],
        body: { try SampleTable.report($0, $1) }
    )

    static let ensure: Command = Command(
        "ensure",
        summary: "Create what's missing",
        options: [Option("replicas", .value("N", .integer()), help: "Copies.", isRequired: true)],
        arguments: [Argument("topic", help: "The topic.")],
        body: { invocation, _ in
            if invocation.text("topic") == "bad" { throw UsageError("topic must not be bad") }
            if invocation.text("topic") == "fail" { throw Failure() }
            return ExitStatus(code: 9, meaning: "nine")
        }
    )

    struct Failure: Error, CustomStringConvertible {
        var description: String { "the broker said no" }
    }

    static let table: CommandTable = CommandTable(
        name: "sample",
        summary: "Show what a table can do",
        version: { "sample 1.2.3\nlibrary 4.5" },
        options: [
            Option(
                "config",
                short: "c",
                .value("FILE", .file),
                help: "The configuration.",
                environment: "SAMPLE_CONFIG"
            )
        ],
        commands: [
            run,
            Command(group: "topics", summary: "Look after topics", subcommands: [list, ensure]),
        ]
    )

    /// Prints every value with its source, one a line.
    private static func report(_ invocation: Invocation, _ output: Output) throws -> ExitStatus {
        for name in ["config"] + (invocation.commandPath == ["sample", "run"] ? runNames : ["id", "name", "apply"]) {
            try output.writeLine(
                "\(name)=\(invocation.texts(name).joined(separator: ",")) \(invocation.source(of: name))"
            )
        }
        return .success
    }

    private static let runNames: [String] = run.options.map(\.name) + run.arguments.map(\.name)

    /// Runs a command line and returns its status and what it wrote.
    static func run(
        _ words: String...,
        environment: [String: String] = [:],
        width: Int = 80
    ) async -> (status: UInt8, text: String, errorText: String) {
        let captured = CapturedOutput()
        let output = Output(to: captured, width: { width })
        let status = await table.run(words, environment: environment, output: output)
        return (status.code, captured.text, captured.errorText)
    }
}
